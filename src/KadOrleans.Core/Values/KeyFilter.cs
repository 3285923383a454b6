namespace KadOrleans.Core.Values;

// A Bloom filter of keys in blocks of a cache line (Putze, Sanders and Singler, 2007). It never denies a key that was added; at
// the capacity it lets about 1 % of others through. Reads and additions may be concurrent.
// Its hash has no secret, as it is a format: silos fill filters that edges read. So a stranger can choose keys that share a block, or that
// match. The filter is an array, so such keys take no longer than others. Those that strangers store set seven bits each at most, of the
// twelve that each has: they fill at most 7/12 of their share of the blocks, and every key of a full block passes. A key that passes costs
// the request to its shard that it would cost without a filter, and no key that is held is ever denied.
internal sealed class KeyFilter
{
    private const int WordsPerBlock = 8;
    private const int BitsPerKey = 12;

    // Nine bits of a hash choose a bit of a block: 63 of 64.
    private const int Probes = 7;

    private readonly ulong[] _words;

    private KeyFilter(ulong[] words) => _words = words;

    public int Capacity => (int)((long)_words.Length * 64 / BitsPerKey);

    public int Bytes => _words.Length * sizeof(ulong);

    public static KeyFilter For(int keys)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keys);
        var blocks = Math.Max(1, (((long)keys * BitsPerKey) + 511) / 512);
        return new KeyFilter(new ulong[blocks * WordsPerBlock]);
    }

    public static KeyFilter From(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0 || bytes.Length % (WordsPerBlock * sizeof(ulong)) != 0)
        {
            throw new ArgumentException($"A filter has a multiple of 64 bytes, not {bytes.Length}.", nameof(bytes));
        }

        var words = MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();
        ToLittleEndian(words);
        return new KeyFilter(words);
    }

    public byte[] ToArray()
    {
        var bytes = MemoryMarshal.AsBytes(_words.AsSpan()).ToArray();
        ToLittleEndian(MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan()));
        return bytes;
    }

    public bool Add(NodeId key)
    {
        var (block, bits) = Place(key);
        var isNew = false;
        for (var i = 0; i < Probes; i++, bits >>= 9)
        {
            var bit = 1UL << (int)(bits & 63);
            ref var word = ref _words[block + (int)((bits >> 6) & 7)];
            if ((Volatile.Read(ref word) & bit) == 0)
            {
                Interlocked.Or(ref word, bit);
                isNew = true;
            }
        }

        return isNew;
    }

    public bool MayContain(NodeId key)
    {
        var (block, bits) = Place(key);
        for (var i = 0; i < Probes; i++, bits >>= 9)
        {
            if ((Volatile.Read(ref _words[block + (int)((bits >> 6) & 7)]) & (1UL << (int)(bits & 63))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static void ToLittleEndian(Span<ulong> words)
    {
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(words, words);
        }
    }

    // The first bits of a key are those of its shard, so its last sixteen bytes are taken.
    private (int Block, ulong Bits) Place(NodeId key)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        key.CopyTo(bytes);
        var (first, second) = (BinaryPrimitives.ReadUInt64LittleEndian(bytes[4..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]));
        var hash = Mix(first ^ Mix(second));
        var blocks = (uint)(_words.Length / WordsPerBlock);
        return ((int)(((hash >> 32) * blocks) >> 32) * WordsPerBlock, Mix(hash));
    }

    // The finalizer of MurmurHash3, which spreads each bit over all.
    private static ulong Mix(ulong value)
    {
        value ^= value >> 33;
        value *= 0xff51afd7ed558ccd;
        value ^= value >> 33;
        value *= 0xc4ceb9fe1a85ec53;
        return value ^ (value >> 33);
    }
}

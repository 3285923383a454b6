using System.Runtime.CompilerServices;

namespace KadOrleans.Core.Values;

// An index with a slot of 62 bytes for each key: linear hashing (Litwin, 1980), two keys to a bucket. It grows by one bucket at
// a time, so no put waits for a copy. Slots have no references for the garbage collector.
internal sealed class KeyIndex
{
    /// <summary>Memory for each key in bytes, with its part of the buckets and of the list of a file's segments.</summary>
    public const long BytesPerKey = 68;

    public const int None = -1;

    // Keys of one bucket on average. More, and each search meets more keys; fewer, and each key takes more memory.
    private const int KeysPerBucket = 2;

    private const int PrefetchedTogether = 64;

    private readonly Chunks<KeySlot> _slots = new(9);

    // The first slot of each bucket plus one, so that an empty bucket is zero.
    private readonly Chunks<int> _buckets = new(12);
    private int _free = None;

    // Buckets below _split are divided among twice _half already.
    private int _half = 1;
    private int _split;

    public KeyIndex() => _buckets.Grow();

    public int Count { get; private set; }

    public int Length => _slots.Length;

    public long MemoryBytes => _slots.MemoryBytes + _buckets.MemoryBytes;

    public ref KeySlot this[int slot] => ref _slots[slot];

    public int Find(NodeId key)
    {
        var slot = _buckets[BucketOf(key)] - 1;
        while (slot != None && !_slots[slot].HasKey(key))
        {
            slot = _slots[slot].Next;
        }

        return slot;
    }

    /// <summary>The slot of a key that has none is neither held nor counted.</summary>
    public int Add(NodeId key)
    {
        if (++Count > KeysPerBucket * (_half + _split))
        {
            Split();
        }

        var slot = Allocate();
        ref var entry = ref _slots[slot];
        entry = new KeySlot { Key = key, Source = None, Owner = None };
        Link(ref _buckets[BucketOf(key)], ref entry, slot);
        return slot;
    }

    public void Remove(int slot)
    {
        ref var entry = ref _slots[slot];
        ref var head = ref _buckets[BucketOf(entry.Key)];
        if (head == slot + 1)
        {
            head = entry.Next + 1;
        }
        else
        {
            var before = head - 1;
            while (_slots[before].Next != slot)
            {
                before = _slots[before].Next;
            }

            _slots[before].Next = entry.Next;
        }

        entry = new KeySlot { Source = None, Owner = None, Next = _free };
        _free = slot;
        Count--;
    }

    /// <summary>Makes the buckets that so many keys need while there are none: a load then divides none of them.</summary>
    public void Expect(int keys)
    {
        while (Count == 0 && KeysPerBucket * (_half + _split) < keys)
        {
            Split();
        }
    }

    // Reads the slots in the buckets of some keys. The reads are independent, so the processor waits for memory once and not for
    // each key; what follows finds the buckets in its cache.
    public int Prefetch(ReadOnlySpan<NodeId> keys)
    {
        Span<int> heads = stackalloc int[PrefetchedTogether];
        var sum = 0;
        for (var start = 0; start < keys.Length; start += PrefetchedTogether)
        {
            var some = keys.Slice(start, Math.Min(PrefetchedTogether, keys.Length - start));
            for (var i = 0; i < some.Length; i++)
            {
                heads[i] = _buckets[BucketOf(some[i])];
            }

            sum += ReadBuckets(heads[..some.Length]);
        }

        return sum;
    }

    // Few buckets have more keys than the rounds.
    private int ReadBuckets(Span<int> heads)
    {
        var sum = 0;
        for (var round = 0; round < 2 * KeysPerBucket; round++)
        {
            foreach (ref var head in heads)
            {
                if (head != 0)
                {
                    ref var entry = ref _slots[head - 1];
                    head = entry.Next + 1;
                    sum += head + entry.EndOfKey;
                }
            }
        }

        return sum;
    }

    private int Allocate()
    {
        if (_free == None)
        {
            return _slots.Grow();
        }

        var slot = _free;
        _free = _slots[slot].Next;
        return slot;
    }

    private int BucketOf(NodeId key)
    {
        var hash = key.GetHashCode();
        var bucket = hash & (_half - 1);
        return bucket < _split ? hash & ((2 * _half) - 1) : bucket;
    }

    // Divides the next bucket between itself and a new one at the end.
    private void Split()
    {
        if (_split % PrefetchedTogether == 0 && _half > PrefetchedTogether)
        {
            PrefetchNext();
        }

        var slot = _buckets[_split] - 1;
        _buckets[_split] = 0;
        _buckets.Grow();
        if (++_split == _half)
        {
            (_half, _split) = (2 * _half, 0);
        }

        while (slot != None)
        {
            ref var entry = ref _slots[slot];
            var next = entry.Next;
            Link(ref _buckets[BucketOf(entry.Key)], ref entry, slot);
            slot = next;
        }
    }

    private int PrefetchNext()
    {
        Span<int> heads = stackalloc int[PrefetchedTogether];
        for (var i = 0; i < heads.Length; i++)
        {
            heads[i] = _buckets[_split + i];
        }

        return ReadBuckets(heads);
    }

    private static void Link(ref int head, ref KeySlot entry, int slot)
    {
        entry.Next = head - 1;
        head = slot + 1;
    }

    /// <summary>Grows by chunks: nothing is copied, neither here nor by the garbage collector.</summary>
    private sealed class Chunks<T>(int bits)
        where T : unmanaged
    {
        private T[][] _chunks = [];
        private int _count;

        public int Length { get; private set; }

        public long MemoryBytes => (((long)_count << bits) * Unsafe.SizeOf<T>()) + (_chunks.Length * (long)IntPtr.Size);

        public ref T this[int index]
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => ref _chunks[index >> bits][index & ((1 << bits) - 1)];
        }

        public int Grow()
        {
            if (Length == _count << bits)
            {
                if (_count == _chunks.Length)
                {
                    Array.Resize(ref _chunks, Math.Max(4, 2 * _count));
                }

                // The collector moves what is pinned no more than what is large.
                _chunks[_count++] = GC.AllocateArray<T>(1 << bits, pinned: true);
            }

            return Length++;
        }
    }
}

// What is known of a key without its value. Times and place are those of the held value; size, source, owner, marks and neighbours are
// what StoreAccounts counts after the current plan.
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct KeySlot
{
    private const int PlaceBits = 60;
    private const int LengthBits = 14;

    /// <summary>Next in the bucket, or in the list of free slots. Beside the key: a search reads both.</summary>
    public int Next;

    private KeyBytes _key;
    private ulong _place;
    private uint _storedLow;
    private uint _expiresLow;
    private ushort _storedHigh;
    private ushort _expiresHigh;
    private ushort _size;

    public int Older;

    public int Newer;

    /// <summary>Number of the source; None of a trusted one and in a slot that is not counted.</summary>
    public int Source;

    /// <summary>Code of the item's owner; None of what has none, of what no quota of owners counts, and in a slot that is not counted.</summary>
    public int Owner;

    public const long MaxPlace = (1L << PlaceBits) - 1;

    public NodeId Key { readonly get => new(_key); set => value.CopyTo(_key); }

    public long Place
    {
        readonly get => (long)(_place & (ulong)MaxPlace);
        set => _place = (_place & ~(ulong)MaxPlace) | (ulong)value;
    }

    /// <summary>Of the held value, in whole milliseconds.</summary>
    public DateTimeOffset StoredAt
    {
        readonly get => ToTime(_storedHigh, _storedLow);
        set => (_storedHigh, _storedLow) = FromTime(value);
    }

    public DateTimeOffset ExpiresAt
    {
        readonly get => ToTime(_expiresHigh, _expiresLow);
        set => (_expiresHigh, _expiresLow) = FromTime(value);
    }

    public bool IsHeld { readonly get => Has(0); set => Set(0, value); }

    public bool IsCounted { readonly get => Has(1); set => Set(1, value); }

    public bool IsEvictable { readonly get => Has(2); set => Set(2, value); }

    public bool IsFar { readonly get => Has(3); set => Set(3, value); }

    public bool IsMarkedFar
    {
        readonly get => (_size & (1 << LengthBits)) != 0;
        set => _size = (ushort)(value ? _size | (1 << LengthBits) : _size & ~(1 << LengthBits));
    }

    public bool IsKept
    {
        readonly get => (_size & (1 << (LengthBits + 1))) != 0;
        set => _size = (ushort)(value ? _size | (1 << (LengthBits + 1)) : _size & ~(1 << (LengthBits + 1)));
    }

    public int Footprint
    {
        readonly get => (_size & ((1 << LengthBits) - 1)) + StoredValue.FixedFootprint;
        set
        {
            var length = value - StoredValue.FixedFootprint;
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)length, 1u << LengthBits, nameof(value));
            _size = (ushort)((_size & ~((1 << LengthBits) - 1)) | length);
        }
    }

    /// <summary>It may be in another cache line than the first one.</summary>
    public readonly byte EndOfKey => _key[NodeId.Length - 1];

    public readonly bool HasKey(NodeId key) => new NodeId(_key) == key;

    // Milliseconds since the year 1 in 48 bits: up to the year 8920.
    private static (ushort High, uint Low) FromTime(DateTimeOffset time)
    {
        var milliseconds = Math.Min(time.UtcTicks / TimeSpan.TicksPerMillisecond, (1L << 48) - 1);
        return ((ushort)(milliseconds >> 32), (uint)milliseconds);
    }

    private static DateTimeOffset ToTime(ushort high, uint low) =>
        new((((long)high << 32) | low) * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);

    private readonly bool Has(int mark) => (_place >> (PlaceBits + mark) & 1) != 0;

    private void Set(int mark, bool value)
    {
        var bit = 1UL << (PlaceBits + mark);
        _place = value ? _place | bit : _place & ~bit;
    }

    [InlineArray(NodeId.Length)]
    private struct KeyBytes
    {
        private byte _first;
    }
}

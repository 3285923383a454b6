namespace KadOrleans.Lab;

/// <summary>
/// Ids, endpoints and networks that a stranger may choose so that a weak hash gives them one code: their words cancel when they are
/// folded, added, multiplied or cut off before a secret is mixed in.
/// </summary>
public static class HashFamilies
{
    private const ulong OddConstant = 0x9E37_79B9_7F4A_7C15;

    /// <summary>The ids (x, x^c, y, y^d, z), of which HashCode.Combine gives 2^64 one code whatever its seed is.</summary>
    public static NodeId FoldedId(SeededRandomSource random) => Id(Folded(random, 0x5EED_0001), Folded(random, 0x5EED_0002), 0x5EED_0003);

    /// <summary>Endpoints whose address halves fold to one word each, in ever new /48s.</summary>
    public static UdpEndpoint FoldedEndpoint(SeededRandomSource random) =>
        UdpEndpoint.FromHalves(FoldedHigh(random), Folded(random, 0x5EED_0004), 8468);

    /// <summary>Ever new /64s, each in a /48 of its own, whose upper halves fold to one word.</summary>
    public static SourceNetwork FoldedNetwork(SeededRandomSource random) => new(FoldedHigh(random), 0);

    /// <summary>Families of different ids, each with its name.</summary>
    public static IEnumerable<KeyValuePair<string, NodeId[]>> Ids(int count, SeededRandomSource random)
    {
        var (high, middle, low) = (Word(random), Word(random), (uint)Word(random));
        yield return Family("random", _ => Id(Word(random), Word(random), (uint)Word(random)));
        yield return Family("folded by xor", _ => FoldedId(random));
        yield return Family("first word folded by xor", _ => Id(Folded(random, 77), middle, low));
        yield return Family("second word folded by xor", _ => Id(high, Folded(random, 77), low));
        yield return Family("folded by addition", _ => Id(Halves(random.NextUInt32(), 5, (x, c) => c - x), Halves(random.NextUInt32(), 6, (x, c) => c - x), low));
        yield return Family("folded by subtraction", _ => Id(Halves(random.NextUInt32(), 5, (x, c) => c + x), Halves(random.NextUInt32(), 6, (x, c) => c + x), low));
        yield return Family("words that cancel by xor", _ => Word(random) is var x ? Id(x, x ^ middle, low) : default);
        yield return Family("words that cancel by addition", _ => Word(random) is var x ? Id(x, middle - x, low) : default);
        yield return Family("words of one product", _ => (Word(random) | 1) is var x ? Id(x, (middle | 1) * Inverse(x), low) : default);
        yield return Family("first and last word cancel", _ => random.NextUInt32() is var x ? Id(x, middle, x ^ low) : default);
        yield return Family("equal words", _ => Word(random) is var x ? Id(x, x, (uint)x) : default);
        yield return Family("equal halves", _ => random.NextUInt32() is var x ? Id(Word(x, x), Word(x, x), x) : default);
        yield return Family("swapped halves", i => Pair(i, (x, y) => Id(Word(x, y), Word(y, x), low), (x, y) => Id(Word(y, x), Word(x, y), low)));
        yield return Family("swapped words", i => Pair(i, (x, y) => Id(Word(x, 1), Word(y, 1), low), (x, y) => Id(Word(y, 1), Word(x, 1), low)));
        yield return Family("complements", i => Pair(i, (x, y) => Id(Word(x, y), middle, low), (x, y) => Id(~Word(x, y), middle, low)));
        yield return Family("negatives", i => Pair(i, (x, y) => Id(Word(x, y), middle, low), (x, y) => Id(unchecked((ulong)-(long)Word(x, y)), middle, low)));
        yield return Family("zeros before", i => Id(0, 0, (uint)i));
        yield return Family("zeros behind", i => Id((ulong)i << 50, 0, 0));
        yield return Family("zeros around", i => Id(0, (ulong)i, 0));
        yield return Family("multiples of an odd number", i => Id((ulong)i * OddConstant, middle, low));
        yield return Family("additions to all words", i => Id(high + (ulong)i, middle + (ulong)i, low + (uint)i));
        yield return Family("additions and subtractions", i => Id(high + (ulong)i, middle - (ulong)i, low));
        foreach (var shift in new[] { 16, 24, 32, 40, 48 })
        {
            yield return Family($"first word in steps of 2^{shift}", i => Id(high + ((ulong)i << shift), middle, low));
            yield return Family($"second word in steps of 2^{shift}", i => Id(high, middle + ((ulong)i << shift), low));
        }

        yield return Family("two bits", i => PairOfBits(i) is var (one, other) ? Flip(Flip(Id(high, middle, low), one), other) : default);
        yield return Family("one byte", i => OneByte(new FuzzRandom(1, i / 5_100), i % 5_100));

        KeyValuePair<string, NodeId[]> Family(string name, Func<int, NodeId> create) => Of(name, count, create);
    }

    /// <summary>Families of different endpoints, each with its name.</summary>
    public static IEnumerable<KeyValuePair<string, UdpEndpoint[]>> Endpoints(int count, SeededRandomSource random)
    {
        const ulong Prefix = 0x2A0E_0009_0000_0001;
        yield return Family("ports", i => UdpEndpoint.FromIPv4(0x0102_0304, (ushort)(i + 1)));
        yield return Family("IPv4 in steps of 1", i => UdpEndpoint.FromIPv4(0x0102_0304 + (uint)i, 8468));
        yield return Family("IPv4 in steps of 256", i => UdpEndpoint.FromIPv4(0x0102_0304 + ((uint)i << 8), 8468));
        yield return Family("IPv4 in steps of 65,536", i => UdpEndpoint.FromIPv4(0x0102_0304 + ((uint)i << 16), (ushort)(1 + (i >> 16))));
        yield return Family("address and port cancel by xor", i => UdpEndpoint.FromIPv4(0x0102_0000 | (uint)i, (ushort)(i ^ 0x2114)));
        yield return Family("address and port cancel by addition", i => UdpEndpoint.FromIPv4(0x0102_0000 + (uint)i, (ushort)(20_000 - i)));
        yield return Family("one /64 in steps of 1", i => UdpEndpoint.FromHalves(Prefix, (ulong)i, 8468));
        yield return Family("one /64 in steps of 2^32", i => UdpEndpoint.FromHalves(Prefix, (ulong)i << 32, 8468));
        yield return Family("one /64, folded by xor", _ => UdpEndpoint.FromHalves(Prefix, Folded(random, 77), 8468));
        yield return Family("one /64, folded by addition", _ => UdpEndpoint.FromHalves(Prefix, Halves(random.NextUInt32(), 5, (x, c) => c - x), 8468));
        yield return Family("one /64, as of network cards", i => UdpEndpoint.FromHalves(Prefix, 0x0211_22FF_FE00_0000 + (ulong)i, 8468));
        yield return Family("both halves folded by xor", _ => FoldedEndpoint(random));
        yield return Family("halves cancel by xor", i => UdpEndpoint.FromHalves(Prefix + (ulong)i, 77 ^ (Prefix + (ulong)i), 8468));
        yield return Family("halves cancel by addition", i => UdpEndpoint.FromHalves(Prefix + (ulong)i, 77 - (ulong)i, 8468));

        KeyValuePair<string, UdpEndpoint[]> Family(string name, Func<int, UdpEndpoint> create) => Of(name, count, create);
    }

    /// <summary>Families of different sources and subnets, each with its name.</summary>
    public static IEnumerable<KeyValuePair<string, SourceNetwork[]>> Networks(int count, SeededRandomSource random)
    {
        const ulong Prefix = 0x2A0E_0000_0000_0000;
        yield return Family("IPv4 in steps of 1", i => SourceNetwork.Of(UdpEndpoint.FromIPv4(0x0102_0304 + (uint)i, 1)));
        yield return Family("IPv4 /24s", i => SourceNetwork.SubnetOf(UdpEndpoint.FromIPv4(0x0102_0304 + ((uint)i << 8), 1)));
        yield return Family("/64s in steps of 1", i => new SourceNetwork(Prefix + (ulong)i, 0));
        yield return Family("/48s in steps of 1", i => new SourceNetwork(Prefix + ((ulong)i << 16), 0));
        yield return Family("/32s", i => new SourceNetwork(Prefix + ((ulong)i << 32), 0));
        yield return Family("/64s folded by xor", _ => FoldedNetwork(random));
        yield return Family("/64s folded by addition", _ => new SourceNetwork(Halves(random.NextUInt32(), 5, (x, c) => c - x), 0));
        yield return Family("multiples of an odd number", i => new SourceNetwork((ulong)(i + 1) * OddConstant, 0));

        KeyValuePair<string, SourceNetwork[]> Family(string name, Func<int, SourceNetwork> create) => Of(name, count, create);
    }

    private static KeyValuePair<string, T[]> Of<T>(string name, int count, Func<int, T> create)
    {
        // Few random members are equal, if any.
        T[] all = [.. Enumerable.Range(0, count).Select(create).Distinct()];
        return new(name, all);
    }

    private static NodeId Id(ulong high, ulong middle, uint low)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], middle);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], low);
        return new NodeId(bytes);
    }

    private static ulong Word(SeededRandomSource random) => Word(random.NextUInt32(), random.NextUInt32());

    private static ulong Word(uint high, uint low) => ((ulong)high << 32) | low;

    private static ulong Folded(SeededRandomSource random, uint constant) => Halves(random.NextUInt32(), constant, (x, c) => x ^ c);

    // The first bits of a global address stay.
    private static ulong FoldedHigh(SeededRandomSource random) => Halves(0x2A00_0000 | (random.NextUInt32() >> 8), 0x5EED_0005, (x, c) => x ^ c);

    private static ulong Halves(uint x, uint constant, Func<uint, uint, uint> other) => Word(x, other(x, constant));

    private static NodeId Pair(int index, Func<uint, uint, NodeId> even, Func<uint, uint, NodeId> odd)
    {
        var random = new FuzzRandom(0, index / 2);
        Span<byte> bytes = stackalloc byte[8];
        random.Fill(bytes);
        var (x, y) = (BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
        return index % 2 == 0 ? even(x, y) : odd(x, y);
    }

    // Newton's iteration doubles the bits that are right each time.
    private static ulong Inverse(ulong odd)
    {
        var inverse = odd;
        for (var i = 0; i < 6; i++)
        {
            inverse *= 2 - (odd * inverse);
        }

        return inverse;
    }

    private static (int One, int Other) PairOfBits(int index)
    {
        var one = 1;
        while (index >= one)
        {
            index -= one++;
        }

        return (one, index);
    }

    private static NodeId Flip(NodeId id, int bit) => id.WithBit(bit, !id.GetBit(bit));

    private static NodeId OneByte(FuzzRandom random, int index)
    {
        var bytes = new byte[NodeId.Length];
        random.Fill(bytes);
        bytes[index / 255] ^= (byte)(1 + (index % 255));
        return new NodeId(bytes);
    }
}

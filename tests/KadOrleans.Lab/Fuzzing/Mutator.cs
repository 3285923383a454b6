namespace KadOrleans.Lab;

/// <summary>Derives datagrams from a corpus: a few changes to one of its members, which may take parts of another.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus)
{
    private const int MaxChanges = 6;

    /// <summary>Mutation keeps to what a UDP socket could deliver.</summary>
    private const int MaxLength = 65_507;

    /// <summary>First bytes of MessagePack objects whose lengths or counts follow, and ends of ranges.</summary>
    private static readonly byte[] TellingBytes =
    [
        0x00, 0x01, 0x0F, 0x14, 0x1F, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x91, 0x92, 0x93, 0x94, 0x9F, 0xA0, 0xA5, 0xBF,
        0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD1,
        0xD2, 0xD3, 0xD4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xFF,
    ];

    private delegate void Change(List<byte> datagram, ref FuzzRandom random);

    public byte[] Next(ref FuzzRandom random)
    {
        Change[] changes = [FlipBit, SetByte, SetTellingByte, EditLength, Truncate, Insert, Remove, Duplicate, Splice];
        var datagram = new List<byte>(Pick(ref random));
        for (var count = random.Next(MaxChanges + 1); count > 0 && datagram.Count > 0; count--)
        {
            changes[random.Next(changes.Length)](datagram, ref random);
        }

        if (datagram.Count > MaxLength)
        {
            datagram.RemoveRange(MaxLength, datagram.Count - MaxLength);
        }

        return [.. datagram];
    }

    private byte[] Pick(ref FuzzRandom random) => corpus[random.Next(corpus.Count)];

    private static void FlipBit(List<byte> datagram, ref FuzzRandom random) =>
        datagram[Position(datagram, ref random)] ^= (byte)(1 << random.Next(8));

    private static void SetByte(List<byte> datagram, ref FuzzRandom random) =>
        datagram[Position(datagram, ref random)] = random.NextByte();

    private static void SetTellingByte(List<byte> datagram, ref FuzzRandom random) =>
        datagram[Position(datagram, ref random)] = TellingBytes[random.Next(TellingBytes.Length)];

    /// <summary>Moves a byte by one or two, or to an end of its range: what breaks lengths and counts.</summary>
    private static void EditLength(List<byte> datagram, ref FuzzRandom random)
    {
        var position = Position(datagram, ref random);
        datagram[position] = random.Next(4) switch
        {
            0 => (byte)(datagram[position] + 1 + random.Next(2)),
            1 => (byte)(datagram[position] - 1 - random.Next(2)),
            2 => byte.MaxValue,
            _ => byte.MinValue,
        };
    }

    private static void Truncate(List<byte> datagram, ref FuzzRandom random)
    {
        var length = Position(datagram, ref random);
        datagram.RemoveRange(length, datagram.Count - length);
    }

    private static void Insert(List<byte> datagram, ref FuzzRandom random)
    {
        var bytes = new byte[1 + random.Next(8)];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = random.Next(2) == 0 ? random.NextByte() : TellingBytes[random.Next(TellingBytes.Length)];
        }

        datagram.InsertRange(Position(datagram, ref random), bytes);
    }

    private static void Remove(List<byte> datagram, ref FuzzRandom random)
    {
        var start = Position(datagram, ref random);
        datagram.RemoveRange(start, Math.Min(1 + random.Next(8), datagram.Count - start));
    }

    /// <summary>Repeats a piece in place: nests arrays, doubles map keys.</summary>
    private static void Duplicate(List<byte> datagram, ref FuzzRandom random)
    {
        var start = Position(datagram, ref random);
        var piece = datagram.GetRange(start, Math.Min(1 + random.Next(24), datagram.Count - start));
        for (var times = 1 + random.Next(20); times > 0; times--)
        {
            datagram.InsertRange(start, piece);
        }
    }

    /// <summary>Goes on with the tail of another datagram.</summary>
    private void Splice(List<byte> datagram, ref FuzzRandom random)
    {
        var other = Pick(ref random);
        Truncate(datagram, ref random);
        datagram.AddRange(other[random.Next(other.Length + 1)..]);
    }

    /// <summary>A place in the datagram, more often than not in the first bytes of its body, where headers are.</summary>
    private static int Position(List<byte> datagram, ref FuzzRandom random)
    {
        const int bodyStart = 21;
        const int headers = 64;
        return random.Next(3) > 0 && datagram.Count > bodyStart
            ? bodyStart + random.Next(Math.Min(headers, datagram.Count - bodyStart))
            : random.Next(datagram.Count);
    }
}

// SplitMix64. Each iteration has its own sequence, so that it can be run alone. The sequences are the same on every machine and
// version of the runtime. So a seed in an old report keeps its meaning.
internal struct FuzzRandom(ulong seed, long iteration)
{
    private const ulong Step = 0x9E37_79B9_7F4A_7C15;

    private ulong _state = Scramble(seed + Step) ^ Scramble((ulong)iteration);

    /// <summary>A whole number from 0 up to, not including, <paramref name="limit"/>, which is 1 or more.</summary>
    public int Next(int limit) => (int)(NextUInt64() % (uint)limit);

    public byte NextByte() => (byte)NextUInt64();

    public void Fill(Span<byte> bytes)
    {
        foreach (ref var b in bytes)
        {
            b = NextByte();
        }
    }

    private ulong NextUInt64() => Scramble(_state += Step);

    private static ulong Scramble(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}

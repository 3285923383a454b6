namespace KadOrleans.Fuzz;

/// <summary>
/// SplitMix64. Each iteration has its own sequence, so that it can be run alone. The sequences are the same on every machine and version of
/// the runtime. So a seed in an old report keeps its meaning.
/// </summary>
internal struct FuzzRandom(ulong seed, long iteration)
{
    private const ulong Step = 0x9E37_79B9_7F4A_7C15;

    private ulong _state = Scramble(seed + Step) ^ Scramble((ulong)iteration);

    /// <summary>A whole number from 0 up to, not including, <paramref name="limit"/>, which is 1 or more.</summary>
    public int Next(int limit) => (int)(NextUInt64() % (uint)limit);

    /// <summary>Any byte.</summary>
    public byte NextByte() => (byte)NextUInt64();

    /// <summary>Any bytes.</summary>
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

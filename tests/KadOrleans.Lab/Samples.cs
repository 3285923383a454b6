namespace KadOrleans.Lab;

/// <summary>Random and numbered data.</summary>
public static class Samples
{
    /// <summary>Longer than any test moves the shared clock.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromDays(365_000);

    public static DateTimeOffset Now { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static LookupOutcome Lookup { get; } = new()
    {
        Target = default,
        Reason = TerminationReason.Converged,
        Closest = [],
        Asked = 0,
        Answered = 0,
        Failed = 0,
        Hops = 0,
    };

    public static NodeId Key(int number) => NodeId.FromKey($"key {number}");

    /// <summary>The numbered keys of one of at most 65,536 shards.</summary>
    public static IEnumerable<NodeId> KeysOf(long shard, int bits) => Enumerable.Range(0, int.MaxValue).Select(number =>
    {
        // Found by their first bits: of 256 numbered keys, one is in a shard by itself.
        var bytes = Key(number).ToByteArray();
        var rest = BinaryPrimitives.ReadUInt16BigEndian(bytes) & (ushort.MaxValue >> bits);
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)((shard << (16 - bits)) | (long)rest));
        return new NodeId(bytes);
    });

    public static StoredValue Text(string text, TimeSpan? life = null) =>
        new(DhtValue.FromString(text), Now, Now + (life ?? Life), SourceNetwork.Trusted);

    public static StoredValue Sized(int length) => new(
        DhtValue.FromBytes(new byte[length]), Now, Now + Life, SourceNetwork.Trusted);

    public static NodeId NextId(this SeededRandomSource random) => NodeId.Random(random);

    public static long NextLong(this SeededRandomSource random) => BitConverter.ToInt64(random.NextBytes(8));

    public static UdpEndpoint NextEndpoint(this SeededRandomSource random) => random.Next(2) == 0
        ? UdpEndpoint.FromIPv4(0xCB007100 + (uint)random.Next(65536 * 64), (ushort)(1 + random.Next(65535)))
        : UdpEndpoint.FromIPv6([0x20, 0x01, .. random.NextBytes(14)], (ushort)(1 + random.Next(65535)));

    public static Contact NextContact(this SeededRandomSource random) => new(random.NextId(), random.NextEndpoint());

    public static DhtValue NextValue(this SeededRandomSource random) => random.Next(7) switch
    {
        0 => DhtValue.FromString(Convert.ToBase64String(random.NextBytes(random.Next(300))) + " ä漢\0"),
        1 => DhtValue.FromBytes(random.NextBytes(random.Next(2) == 0 ? random.Next(40) : StoreRules.MaxContentLength)),
        2 => DhtValue.FromInteger(random.NextLong()),
        3 => DhtValue.FromInteger((ulong)random.NextLong()),
        4 => DhtValue.FromFloat(BitConverter.Int64BitsToDouble(random.NextLong())),
        5 => DhtValue.FromBoolean(random.Next(2) == 0),
        _ => DhtValue.FromBytes([]),
    };

    public static DateTimeOffset NextTime(this SeededRandomSource random) => Now.AddTicks(random.NextLong() >> 14);

    public static SourceNetwork NextSource(this SeededRandomSource random) =>
        random.Next(3) == 0 ? SourceNetwork.Trusted : SourceNetwork.Of(random.NextEndpoint());

    public static StoredValue NextStored(this SeededRandomSource random) =>
        new(random.NextValue(), random.NextTime(), random.NextTime(), random.NextSource().WithProof(random.Next(2) == 0))
        {
            PublishedAt = random.Next(2) == 0 ? random.NextTime() : null,
            IsFar = random.Next(2) == 0,
            IsAuthored = random.Next(2) == 0,
            IsKept = random.Next(2) == 0,
            Version = random.Next(2) == 0 ? random.NextLong() >>> 1 : 0,
            CallId = random.Next(2) == 0 ? random.NextLong() : 0,
        };
}

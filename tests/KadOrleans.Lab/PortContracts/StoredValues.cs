namespace KadOrleans.Lab;

/// <summary>Values for the contracts, all stored at <see cref="Now"/>.</summary>
public static class StoredValues
{
    /// <summary>When the contracts take place.</summary>
    public static DateTimeOffset Now { get; } = new(2024, 2, 29, 23, 59, 59, 999, TimeSpan.Zero);

    /// <summary>When values expire that are given no other time.</summary>
    public static DateTimeOffset Expiry { get; } = Now + TimeSpan.FromHours(24);

    /// <summary>Two sources of two networks.</summary>
    public static SourceNetwork Alice { get; } = SourceNetwork.Of(UdpEndpoint.Parse("203.0.113.5:1"));

    public static SourceNetwork Bob { get; } = SourceNetwork.Of(UdpEndpoint.Parse("[2001:db8::1]:1"));

    /// <summary>Values at the edges of the five types.</summary>
    public static IReadOnlyList<DhtValue> EdgeCases { get; } =
    [
        DhtValue.FromString(string.Empty),
        DhtValue.FromString("a\0b ä 漢 \U0001F9FF"),
        DhtValue.FromString(new string('x', StoreRules.MaxContentLength)),
        DhtValue.FromInteger(0),
        DhtValue.FromInteger(-1),
        DhtValue.FromInteger(long.MinValue),
        DhtValue.FromInteger(long.MaxValue),
        DhtValue.FromInteger(ulong.MaxValue),
        DhtValue.FromFloat(0.0),
        DhtValue.FromFloat(-0.0),
        DhtValue.FromFloat(1.0),
        DhtValue.FromFloat(double.NaN),
        DhtValue.FromFloat(double.NegativeInfinity),
        DhtValue.FromFloat(double.Epsilon),
        DhtValue.FromBoolean(true),
        DhtValue.FromBoolean(false),
        DhtValue.FromBytes([]),
        DhtValue.FromBytes([0x00, 0xFF, 0x80]),
        DhtValue.FromBytes([.. Enumerable.Range(0, StoreRules.MaxContentLength).Select(i => (byte)i)]),
    ];

    public static NodeId Key(int number) =>
        NodeId.FromKey(string.Create(CultureInfo.InvariantCulture, $"key {number}"));

    public static StoredValue Of(DhtValue value, SourceNetwork source = default) => new(value, Now, Expiry, source);

    public static StoredValue Text(string text, SourceNetwork source = default) => Of(DhtValue.FromString(text), source);

    /// <summary>A value of this many bytes.</summary>
    public static StoredValue Sized(int length, SourceNetwork source = default) => Of(DhtValue.FromBytes(new byte[length]), source);

    public static StoredValue ExpiringAt(DateTimeOffset time) => Text("short-lived") with { ExpiresAt = time };
}

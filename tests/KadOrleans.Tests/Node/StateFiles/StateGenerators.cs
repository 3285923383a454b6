using FsCheck;
using FsCheck.Fluent;

namespace KadOrleans.Tests.Node;

/// <summary>Arbitrary keys and values of all kinds, with times of whole milliseconds as a file has them.</summary>
internal static class StateGenerators
{
    public static Gen<KeyValuePair<NodeId, StoredValue>[]> Entries { get; } =
        from count in Gen.Choose(0, 40)
        from entries in (from key in Bytes(NodeId.Length) from value in StoredValues() select KeyValuePair.Create(new NodeId(key), value))
            .ArrayOf(count)
        select entries;

    private static Gen<byte[]> Bytes(int length) => Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(length);

    private static Gen<StoredValue> StoredValues() =>
        from value in Values()
        from storedAt in Times()
        from expiresAt in Times()
        from source in Bytes(16)
        from publishedAt in Gen.OneOf(Gen.Constant<DateTimeOffset?>(null), Times().Select(time => (DateTimeOffset?)time))
        select new StoredValue(value, storedAt, expiresAt, new SourceNetwork(BitConverter.ToUInt64(source), BitConverter.ToUInt64(source, 8)))
        {
            PublishedAt = publishedAt,
        };

    private static Gen<DateTimeOffset> Times() =>
        from seconds in Gen.Choose(1, int.MaxValue)
        from milliseconds in Gen.Choose(0, 999)
        select DateTimeOffset.FromUnixTimeSeconds(seconds).AddMilliseconds(milliseconds);

    private static Gen<DhtValue> Values() => Gen.OneOf(
        ArbMap.Default.GeneratorFor<string?>().Select(text => DhtValue.FromString(text ?? "")),
        Gen.Choose(0, StoreRules.MaxContentLength).Select(length => DhtValue.FromString(new string('"', length))),
        Gen.Choose(0, 300).SelectMany(Bytes).Select(DhtValue.FromBytes),
        Gen.Elements(DhtValue.MinInteger, DhtValue.MaxInteger, 0, -1, (Int128)1 << 53).Select(DhtValue.FromInteger),
        Bytes(8).Select(bytes => DhtValue.FromInteger(BitConverter.ToInt64(bytes))),
        Bytes(8).Select(bytes => DhtValue.FromFloat(BitConverter.ToDouble(bytes))),
        Gen.Elements(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, double.Epsilon).Select(DhtValue.FromFloat),
        Gen.Elements(true, false).Select(DhtValue.FromBoolean));
}

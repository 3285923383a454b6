using FsCheck;
using FsCheck.Fluent;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Wire.Tests.Properties;

/// <summary>Arbitrary ids, values and contacts.</summary>
internal static class WireGenerators
{
    public static Gen<NodeId> Ids { get; } = Bytes(NodeId.Length).Select(bytes => new NodeId(bytes));

    public static Gen<MessageId> MessageIds { get; } = Bytes(MessageId.Length).Select(bytes => new MessageId(bytes));

    public static Gen<DhtValue> Values { get; } = Gen.OneOf(
        ArbMap.Default.GeneratorFor<string?>().Select(text => DhtValue.FromString(text ?? "")),
        LengthsAtHeaderLimits().Select(length => DhtValue.FromString(new string('ä', length / 2))),
        LengthsAtHeaderLimits().SelectMany(Bytes).Select(DhtValue.FromBytes),
        Integers().Select(DhtValue.FromInteger),
        Bytes(8).Select(bits => DhtValue.FromFloat(BitConverter.ToDouble(bits))),
        Gen.Elements(DhtValue.FromBoolean(true), DhtValue.FromBoolean(false)));

    public static Gen<UdpEndpoint> Endpoints { get; } = Gen.OneOf(
            from address in Bytes(4)
            from port in Gen.Choose(1, ushort.MaxValue)
            select UdpEndpoint.FromIPv4(BitConverter.ToUInt32(address), (ushort)port),
            from address in SparseBytes(16)
            from port in Gen.Choose(1, ushort.MaxValue)
            select UdpEndpoint.FromIPv6(address, (ushort)port))
        .Where(endpoint => endpoint.IsUnicast);

    public static Gen<Contact[]> ContactLists { get; } =
        from count in Gen.Choose(0, 64)
        from contacts in (from id in Ids from endpoint in Endpoints select new Contact(id, endpoint)).ArrayOf(count)
        select contacts;

    public static Gen<byte[]> Bytes(int length) => Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(length);

    /// <summary>Many zeros, as IPv6 addresses have.</summary>
    private static Gen<byte[]> SparseBytes(int length) =>
        Gen.Frequency((2, Gen.Constant((byte)0)), (1, Gen.Choose(0, 255).Select(i => (byte)i))).ArrayOf(length);

    private static Gen<int> LengthsAtHeaderLimits() => Gen.OneOf(
        Gen.Choose(0, 40), Gen.Choose(250, 260), Gen.Choose(StoreRules.MaxContentLength - 3, StoreRules.MaxContentLength));

    /// <summary>Numbers next to a power of two, where widths change.</summary>
    private static Gen<Int128> Integers() =>
        from bits in Gen.Choose(0, 64)
        from offset in Gen.Choose(-2, 2)
        from negative in Gen.Elements(true, false)
        let magnitude = (Int128.One << bits) + offset
        select Int128.Clamp(negative ? -magnitude : magnitude, DhtValue.MinInteger, DhtValue.MaxInteger);
}

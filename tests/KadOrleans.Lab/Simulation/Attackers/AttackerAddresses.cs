namespace KadOrleans.Lab;

/// <summary>Endpoints of an attacker, beside those that a <see cref="SimulatedNetwork"/> gives to its nodes.</summary>
public static class AttackerAddresses
{
    /// <summary>9.0.0.0/8, which no node of a simulated network is in.</summary>
    private const uint FirstIPv4 = 0x0900_0000;

    /// <summary>2a0e:1234:5678:9ab0::/60. Its addresses are long as text, as a STUN response is longest then.</summary>
    private const ulong FirstIPv6 = 0x2A0E_1234_5678_9AB0;

    private const ushort FirstPort = 9_000;

    private const int SubscriberNetworks = 16;

    public static UdpEndpoint Of(AttackerSpread spread, int index) => spread switch
    {
        AttackerSpread.OneHost => UdpEndpoint.FromIPv4(FirstIPv4 + 1, (ushort)(FirstPort + (index % 50_000))),
        AttackerSpread.OneSubnet => UdpEndpoint.FromIPv4(
            FirstIPv4 + 1 + (uint)(index % 254), (ushort)(FirstPort + (index / 254))),
        AttackerSpread.ManyNetworks => UdpEndpoint.FromIPv4(FirstIPv4 + 1 + ((uint)index << 8), FirstPort),
        _ => IPv6(FirstIPv6 + (ulong)(index % SubscriberNetworks), 0xFEDC_BA98_7654_0001 + (ulong)index),
    };

    /// <summary>A public endpoint that nobody owns, so that what is sent there is lost.</summary>
    // 128.0.0.0 to 168.255.255.255: above the nodes' addresses, below the private 172.16.0.0/12 and 192.168.0.0/16.
    public static UdpEndpoint Forged(SeededRandomSource random) =>
        UdpEndpoint.FromIPv4(0x8000_0000 + (uint)random.Next(0x2900_0000), (ushort)(1_024 + random.Next(60_000)));

    private static UdpEndpoint IPv6(ulong high, ulong low)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, new UInt128(high, low));
        return UdpEndpoint.FromIPv6(bytes, FirstPort);
    }
}

/// <summary>How many networks an attacker's endpoints are in. All addresses are public.</summary>
public enum AttackerSpread
{
    OneHost,

    OneSubnet,

    ManyNetworks,

    /// <summary>Addresses in the sixteen /64s of one IPv6 /60, which one subscriber gets.</summary>
    OneSubscriber,
}

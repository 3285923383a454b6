using System.Globalization;

namespace KadOrleans.Core.Admission;

/// <summary>
/// The source that a datagram is counted against: one IPv4 address, or the /64 of an IPv6 address, which belongs to one customer. The
/// default value stands for this node and its trusted sources, which are not counted.
/// </summary>
/// <param name="High">Upper 64 bits of the address in its IPv6 or IPv6-mapped form.</param>
/// <param name="Low">Lower 64 bits, 0 for an IPv6 source.</param>
public readonly record struct SourceNetwork(ulong High, ulong Low)
{
    /// <summary>This node itself and sources in its trusted ranges.</summary>
    public static SourceNetwork Trusted => default;

    /// <summary>Whether no limit applies.</summary>
    public bool IsTrusted => High == 0 && Low == 0;

    /// <summary>The wider network of a source, as <see cref="SubnetOf"/> has it for an endpoint.</summary>
    public SourceNetwork Subnet => High == 0 ? (Low == Lowest.Low ? Lowest : new SourceNetwork(0, Low & ~0xFFUL)) : OfIPv6(High & ~0xFFFFUL);

    /// <summary>Whether the addresses are loopback, link-local or private: they say nothing of who owns them.</summary>
    public bool IsPrivate => this == Lowest || Endpoint.IsLocal;

    private UdpEndpoint Endpoint => UdpEndpoint.FromHalves(High, Low, 0);

    // The lowest IPv6 network without the IPv4 in it, such as loopback. It is not zero: a forged ::2 would pass for Trusted.
    private static SourceNetwork Lowest => new(0, 1);

    /// <summary>The source that an endpoint belongs to; never <see cref="Trusted"/>.</summary>
    public static SourceNetwork Of(UdpEndpoint endpoint) =>
        endpoint.IsIPv4 ? new SourceNetwork(0, endpoint.AddressLow) : OfIPv6(endpoint.AddressHigh);

    /// <summary>
    /// The wider network of an endpoint, the share of one operator: an IPv4 /24 or an IPv6 /48. Never <see cref="Trusted"/>.
    /// </summary>
    public static SourceNetwork SubnetOf(UdpEndpoint endpoint) => endpoint.IsIPv4
        ? new SourceNetwork(0, endpoint.AddressLow & ~0xFFUL)
        : OfIPv6(endpoint.AddressHigh & ~0xFFFFUL);

    /// <summary>Seeded per process: a stranger who forges sources cannot choose ones that collide.</summary>
    public override int GetHashCode() => HashCode.Combine(High, Low);

    /// <summary>Two groups of 16 hexadecimal digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");

    /// <summary>For people: an IPv4 address, an IPv6 /64 such as <c>2001:db8::/64</c>, or "trusted".</summary>
    public string ToText() => IsTrusted ? "trusted" : $"{Endpoint.ToIPAddress()}{(Endpoint.IsIPv4 ? "" : "/64")}";

    private static SourceNetwork OfIPv6(ulong high) => high == 0 ? Lowest : new SourceNetwork(high, 0);
}

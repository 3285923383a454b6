namespace KadOrleans.Core.Admission;

/// <summary>
/// The source that a datagram is counted against: one IPv4 address, or the /64 of an IPv6 address, which belongs to one customer. The
/// default value stands for this node and its trusted sources, which are not counted.
/// </summary>
/// <param name="High">Upper 64 bits of the address in its IPv6 or IPv6-mapped form.</param>
/// <param name="Low">Lower 64 bits, 0 for an IPv6 source.</param>
public readonly record struct SourceNetwork(ulong High, ulong Low)
{
    // Of Low, which no address has: that of an IPv4 source begins with 16 zeros, and an IPv6 source has none.
    private const ulong ProvenBit = 1UL << 63;

    /// <summary>This node itself and sources in its trusted ranges.</summary>
    public static SourceNetwork Trusted => default;

    /// <summary>Whether no limit applies.</summary>
    public bool IsTrusted => High == 0 && Low == 0;

    /// <summary>
    /// Whether a write token proves that the source itself wrote. What is only said to come from it is counted apart, as sources can
    /// be forged: nobody pays for what was written in their name. Never of <see cref="Trusted"/>, which has no account.
    /// </summary>
    public bool IsProven => (Low & ProvenBit) != 0;

    /// <summary>The network, whether proven or not.</summary>
    public SourceNetwork Address => new(High, Low & ~ProvenBit);

    /// <summary>The wider network of a source, as <see cref="SubnetOf"/> has it for an endpoint. It is proven if the source is.</summary>
    public SourceNetwork Subnet
    {
        get
        {
            var low = Low & ~ProvenBit;
            var subnet = High == 0 ? (low == Lowest.Low ? Lowest : new SourceNetwork(0, low & ~0xFFUL)) : OfIPv6(High & ~0xFFFFUL);
            return subnet.WithProof(IsProven);
        }
    }

    /// <summary>The same network, proven or not.</summary>
    public SourceNetwork WithProof(bool isProven) => isProven && !IsTrusted ? new(High, Low | ProvenBit) : Address;

    /// <summary>Whether the addresses are loopback, link-local or private: they say nothing of who owns them.</summary>
    public bool IsPrivate => Address == Lowest || Endpoint.IsLocal;

    private UdpEndpoint Endpoint => UdpEndpoint.FromHalves(High, Address.Low, 0);

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

    /// <summary>Under a secret of the process: a stranger who forges sources cannot choose ones that collide.</summary>
    public override int GetHashCode() => GetHashCode(UniversalHash.OfProcess);

    internal int GetHashCode(in UniversalHash hash) => hash.Compute(High, Low);

    /// <summary>The bytes of its encoded form.</summary>
    internal const int EncodedLength = 2 * sizeof(ulong);

    /// <summary>Writes both numbers, big-endian.</summary>
    internal void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[sizeof(ulong)..], Low);
    }

    /// <summary>Reads what <see cref="CopyTo"/> wrote.</summary>
    internal static SourceNetwork Decode(ReadOnlySpan<byte> encoded) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(encoded), BinaryPrimitives.ReadUInt64BigEndian(encoded[sizeof(ulong)..]));

    /// <summary>Two groups of 16 hexadecimal digits of <see cref="Address"/>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Address.Low:x16}");

    /// <summary>For people: an IPv4 address, an IPv6 /64 such as <c>2001:db8::/64</c>, or "trusted".</summary>
    public string ToText() => IsTrusted ? "trusted" : $"{Endpoint.ToIPAddress()}{(Endpoint.IsIPv4 ? "" : "/64")}";

    // For logs: whoever acts on them must not ban a node in whose name others wrote.
    internal string ToAccountText() => IsTrusted || IsProven ? ToText() : $"{ToText()} (not proven)";

    private static SourceNetwork OfIPv6(ulong high) => high == 0 ? Lowest : new SourceNetwork(high, 0);
}

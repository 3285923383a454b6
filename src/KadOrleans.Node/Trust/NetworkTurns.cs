using KadOrleans.Core;
using KadOrleans.Core.Admission;

namespace KadOrleans.Node.Trust;

/// <summary>
/// What each public network (/24, /48) may use of something that strangers ask for. Its hosts can use any number of ports and ids. Private
/// and trusted addresses have no such share. Safe for several threads.
/// </summary>
/// <param name="rate">One network's share.</param>
/// <param name="trusted">Addresses without a share.</param>
internal sealed class NetworkTurns(TokenRate rate, AddressRangeSet trusted)
{
    /// <summary>The most networks whose share is remembered.</summary>
    private const int MaxNetworks = 16_384;

    private readonly SubnetDiversity _exemption = new(new SubnetLimits(), trusted);
    private readonly SourceLimiter _networks = new(new SourceLimits { PerSubnet = rate, MaxTracked = MaxNetworks });

    /// <summary>Whether the endpoint's network has a turn left. It is then used.</summary>
    public bool TryTake(UdpEndpoint endpoint, DateTimeOffset now) => _exemption.IsExempt(endpoint) || _networks.TryAdmitSubnet(endpoint, now);
}

namespace KadOrleans.Node;

/// <summary>A rate for each public network (/24, /48), however many ports and ids its hosts use.</summary>
internal sealed class NetworkTurns(TokenRate rate, AddressRangeSet trusted)
{
    private const int MaxNetworks = 16_384;

    private readonly SubnetDiversity _exemption = new(new SubnetLimits(), trusted);
    private readonly SourceLimiter _networks = new(new SourceLimits { PerSubnet = rate, MaxTracked = MaxNetworks });

    public bool TryTake(UdpEndpoint endpoint, DateTimeOffset now) => _exemption.IsExempt(endpoint) || _networks.TryAdmitSubnet(endpoint, now);
}

using KadOrleans.Core;

namespace KadOrleans.Fuzz.Soak;

/// <summary>The endpoints that datagrams seem to come from.</summary>
internal sealed class SoakSources
{
    /// <summary>As many as the node holds pending answers for, and as many again, times eight.</summary>
    private const int ForgedCount = 65_536;

    private const int HonestCount = 60;

    /// <summary>Forged sources in 13.0.0.0/8, in 256 /24s; nobody answers there.</summary>
    public IReadOnlyList<UdpEndpoint> Forged { get; } =
        [.. Enumerable.Range(0, ForgedCount).Select(i => UdpEndpoint.FromIPv4(0x0D00_0000 + (uint)i, 8468))];

    /// <summary>Contacts, in a /24 each. Others forge their addresses, but for that of <see cref="Witness"/>.</summary>
    public IReadOnlyList<HonestPeer> Honest { get; } =
        [.. Enumerable.Range(1, HonestCount).Select(i => new HonestPeer(UdpEndpoint.Parse($"11.1.{i}.1:8468")))];

    /// <summary>The contact that looks whether the node still serves.</summary>
    public HonestPeer Witness { get; } = new(UdpEndpoint.Parse("12.1.1.1:8468"));

    /// <summary>Whether an endpoint of this address has ever answered the node.</summary>
    public static bool IsHonest(UdpEndpoint endpoint) => (byte)(endpoint.AddressLow >> 24) is 11 or 12;
}

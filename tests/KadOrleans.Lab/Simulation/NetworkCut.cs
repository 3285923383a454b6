namespace KadOrleans.Lab;

/// <summary>A part of a <see cref="SimulatedNetwork"/> that no datagram enters or leaves for a while, on virtual time.</summary>
public sealed class NetworkCut(IEnumerable<UdpEndpoint> part, TimeSpan from, TimeSpan until)
{
    private readonly HashSet<UdpEndpoint> _part = [.. part];

    public TimeSpan Until => until;

    public bool Separates(UdpEndpoint source, UdpEndpoint destination, TimeSpan now) =>
        now >= from && now < until && _part.Contains(source) != _part.Contains(destination);
}

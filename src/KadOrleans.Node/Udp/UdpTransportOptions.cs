using System.Text;

namespace KadOrleans.Node;

/// <summary>The endpoints, sockets and buffers of a <see cref="UdpTransport"/>.</summary>
public sealed record UdpTransportOptions
{
    /// <summary>The port of the network's other nodes.</summary>
    public const ushort DefaultPort = 8468;

    private const int MaxSocketsPerEndpoint = 64;

    // The largest datagram must fit; no system grants more than 1 GiB.
    private const int MinBufferBytes = 64 * 1024;
    private const int MaxBufferBytes = 1024 * 1024 * 1024;

    /// <summary>
    /// Addresses and ports to listen on, most important first; default 0.0.0.0:8468. Port 0 takes any free one.
    /// <c>[::]</c> takes IPv4 too. No two may overlap. On Linux a response leaves from the address that was queried. Elsewhere the
    /// system chooses it: name the address there if the machine has several of one family.
    /// </summary>
    public IReadOnlyList<UdpEndpoint> Listen { get; set; } = [UdpEndpoint.FromIPv4(0, DefaultPort)];

    /// <summary>
    /// Sockets, each with a thread of its own, that share the port of an endpoint. 1 to 64; default 1. The system spreads sources over
    /// them, so several cores can read one port. A single source gains nothing. Each costs a thread and both buffers. Another program of
    /// the same user that also shares ports (SO_REUSEPORT) can join the port unnoticed. Only Linux spreads sources; other systems get one
    /// socket. macOS would deliver every datagram to one of them, and Windows defines no order.
    /// </summary>
    [Within(1, MaxSocketsPerEndpoint)]
    public int SocketsPerEndpoint { get; set; } = 1;

    /// <summary>
    /// Bytes of datagrams that may wait in each socket, as asked of the system, which may grant less (Linux:
    /// net.core.rmem_max). 64 KiB to 1 GiB; default 4 MiB. Too small a buffer loses datagrams in bursts.
    /// </summary>
    [Within(MinBufferBytes, MaxBufferBytes)]
    public int ReceiveBufferBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// Bytes that may wait to leave each socket, as asked of the system, which may grant less (Linux:
    /// net.core.wmem_max). 64 KiB to 1 GiB; default 4 MiB. While it is full, sending fails.
    /// </summary>
    [Within(MinBufferBytes, MaxBufferBytes)]
    public int SendBufferBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Uses the portable socket even where there is a faster one, for tests.</summary>
    internal bool IsPortable { get; set; }

    /// <summary>Validates the options. Returns one sentence per fault, none if they are valid.</summary>
    public IReadOnlyList<string> Validate()
    {
        var checks = new OptionChecks(string.Empty, '.');
        var faults = checks.Problems;
        checks.CheckBounds(this);
        if (Listen is null || Listen.Count == 0)
        {
            faults.Add($"{nameof(Listen)} is empty; it must name at least one endpoint, such as 0.0.0.0:{DefaultPort}.");
            return faults;
        }

        foreach (var (index, endpoint) in Listen.Index())
        {
            if (!endpoint.IsWildcard && !endpoint.WithPort(1).IsUnicast)
            {
                faults.Add($"{nameof(Listen)} has {endpoint}; it must be 0.0.0.0, [::] or the address of one interface.");
            }
            else if (endpoint.IsLinkLocal && !endpoint.IsIPv4)
            {
                faults.Add($"{nameof(Listen)} has {endpoint}; a link-local IPv6 address needs a scope, "
                    + "which is not supported, so it must be another address.");
            }

            if (Listen.Take(index).FirstOrDefault(earlier => earlier.Overlaps(endpoint)) is { Port: not 0 } other)
            {
                faults.Add($"{nameof(Listen)} has {endpoint} beside {other}; each address and port must be covered once.");
            }
        }

        return faults;
    }

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

internal static class ListenScope
{
    extension(UdpEndpoint endpoint)
    {
        /// <summary>0.0.0.0 or [::].</summary>
        public bool IsWildcard => endpoint.AddressHigh == 0
            && (endpoint.IsIPv4 ? (uint)endpoint.AddressLow == 0 : endpoint.AddressLow == 0);

        /// <summary>[::], which takes IPv4 too.</summary>
        public bool IsDualMode => !endpoint.IsIPv4 && endpoint.IsWildcard;

        /// <summary>Whether a datagram could belong to both. Endpoints with port 0 get a port each.</summary>
        public bool Overlaps(UdpEndpoint other) => endpoint.Port == other.Port && endpoint.Port != 0
            && (endpoint == other || endpoint.Covers(other) || other.Covers(endpoint));

        private bool Covers(UdpEndpoint other) => endpoint.IsDualMode || (endpoint.IsWildcard && other.IsIPv4);
    }
}

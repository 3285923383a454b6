namespace KadOrleans.Http;

internal sealed class KadSiloOptions
{
    /// <summary>The address that the silo listens on and that others use. Null: Orleans chooses one of this machine's.</summary>
    public string? Address { get; set; }

    /// <summary>The node or machine that the silo runs on, so that silos that share one are seen. Null: it tells nothing.</summary>
    public string? Node { get; set; }

    /// <summary>The port for other silos, by default Orleans' usual one; 0 is any free one.</summary>
    [Within(0, ushort.MaxValue)]
    public int Port { get; set; } = 11111;

    /// <summary>The port for Orleans clients, by default Orleans' usual one; 0 is any free one.</summary>
    [Within(0, ushort.MaxValue)]
    public int GatewayPort { get; set; } = 30000;

    /// <summary>
    /// The most connections to each of the two ports: 16 to 100,000. Default: 4,096, or an eighth of the files that the process may have open
    /// if that is less. Beyond it the oldest one that did not end its handshake is closed, or else the newest.
    /// </summary>
    [Within(HttpLimits.LeastConnections, HttpLimits.MostConnections)]
    public int? Connections { get; set; }

    /// <summary>
    /// The most of them from one IPv4 address or IPv6 /64: 1 to 100,000, default 256, and no more than a quarter of all; 32 of them may be in their handshake. An edge and every
    /// other client has one to each silo.
    /// </summary>
    [Within(1, HttpLimits.MostConnections)]
    public int ConnectionsPerAddress { get; set; } = 256;

    /// <summary>The most connections to a port where a process may have so many files open.</summary>
    public int ConnectionsWith(int openFiles) => Connections ?? Math.Clamp(openFiles / 8, HttpLimits.LeastConnections, 4096);
}

/// <summary>Who may see the dashboard.</summary>
internal sealed class DashboardCredentials
{
    public string User { get; set; } = string.Empty;

    public string Password { get; set; } = string.Empty;
}

namespace KadOrleans.Client;

/// <summary>
/// How a client of a cluster, an edge among them, proves to the silos' gateways that it belongs to it, and has them prove it first. By default
/// each option is the setting <c>Kad:Cluster:…</c> of its name in the host's configuration.
/// </summary>
public sealed class KadClientOptions
{
    /// <summary>
    /// The cluster's gateway key, 64 hexadecimal digits. Null or blank, without a <see cref="GatewayKeyFile"/>: the client proves nothing, which
    /// gateways without a key accept.
    /// </summary>
    public string? GatewayKey { get; set; }

    /// <summary>
    /// A file that has the key, such as <c>kad-cluster-data/gateway-key</c> of a silo of this machine. It is read at each new connection, so it
    /// may come later, and the key may be changed.
    /// </summary>
    public string? GatewayKeyFile { get; set; }

    /// <summary>Whether a file that is not there means that the silos have no key.</summary>
    internal bool IsFileOptional { get; set; }
}

namespace KadOrleans.Http;

/// <summary>How a process reaches the silos. The other settings of <c>Kad:Cluster</c> are those of the grains, which a silo binds.</summary>
internal sealed class ClientOptions
{
    /// <summary>The silos' gateways, for an edge that does not read the silos' storage. Empty: <see cref="DefaultGateway"/>.</summary>
    public IList<string> Gateway { get; } = [];

    /// <summary>The secret of silos, edges and other clients.</summary>
    public string? GatewayKey { get; set; }

    /// <summary>A file that has it, in its place.</summary>
    public string? GatewayKeyFile { get; set; }

    public const string DefaultGateway = "127.0.0.1:30000";
}

namespace KadOrleans.Hosting;

/// <summary>How a process reaches the silos. The other settings of <c>Kad:Cluster</c> are those of the grains, which a silo binds.</summary>
public sealed class ClientOptions
{
    /// <summary>The silos' gateways, for an edge that does not read the silos' storage. Empty: <see cref="DefaultGateway"/>.</summary>
    public IList<string> Gateway { get; } = [];

    /// <summary>The secret that silos and edges share.</summary>
    public string? EdgeKey { get; set; }

    public const string DefaultGateway = "127.0.0.1:30000";
}

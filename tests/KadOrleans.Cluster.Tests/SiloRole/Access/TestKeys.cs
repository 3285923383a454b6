namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The keys of a cluster of the test, and who gets which.</summary>
internal sealed class TestKeys
{
    /// <summary>What edges and clients prove themselves by at a gateway, as 64 hexadecimal digits.</summary>
    public string Gateway { get; } = ClusterKey.Create();

    /// <summary>What silos prove themselves by.</summary>
    public string Silo { get; } = ClusterKey.Create();

    public string[] OfSilo => [.. OfEdge, $"Kad:Cluster:SiloKey={Silo}"];

    public string[] OfEdge => [$"Kad:Cluster:GatewayKey={Gateway}"];

    /// <summary>A client of somebody who has the gateway's key.</summary>
    public Task<ClusterClient> ConnectAsync(SiloServer silo, Action<IClientBuilder>? configure = null) => ClusterClient.ConnectAsync(
        silo.Gateway,
        configure: client =>
        {
            // A client that is refused does not try again, as a test waits for it.
            client.UseConnectionRetryFilter((_, _) => Task.FromResult(false));
            client.Services.Configure<KadClientOptions>(options => options.GatewayKey = Gateway);
            configure?.Invoke(client);
        });
}

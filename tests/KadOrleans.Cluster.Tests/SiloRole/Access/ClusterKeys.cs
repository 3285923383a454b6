using System.Security.Cryptography;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// The keys of a cluster of the test. This is the one place that knows by which settings silos, edges and clients get them.
/// </summary>
internal sealed class ClusterKeys
{
    private const int Bytes = 32;

    /// <summary>What edges and clients prove themselves by at a gateway, as 64 hexadecimal digits.</summary>
    public string Gateway { get; } = RandomNumberGenerator.GetHexString(2 * Bytes, lowercase: true);

    public string[] OfSilo => [$"Kad:Cluster:EdgeKey={Gateway}"];

    public string[] OfEdge => [$"Kad:Cluster:EdgeKey={Gateway}"];

    /// <summary>A client of somebody who has the gateway's key.</summary>
    public Task<ClusterClient> ConnectAsync(SiloServer silo, Action<IClientBuilder>? configure = null) => ClusterClient.ConnectAsync(
        silo.Gateway,
        client =>
        {
            GiveTo(client);
            configure?.Invoke(client);
        });

    // A client that is refused does not try again, as a test waits for it.
    private void GiveTo(IClientBuilder client) => client
        .UseConnectionRetryFilter((_, _) => Task.FromResult(false))
        .AddOutgoingGrainCallFilter(new EdgeCallFilter(Gateway, TimeProvider.System));
}

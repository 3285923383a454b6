using System.Net;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A client in the test's own process, which asks over UDP and knows the network through one node.</summary>
internal static class NetworkClient
{
    private const int MaxAttempts = 10;

    /// <summary>A client that has joined through a node.</summary>
    public static async Task<KadNode> JoinAsync(INetworkNode via)
    {
        var client = await KadNode.CreateBuilder(options => options.ClientOnly = true).UseUdp("127.0.0.1:0").BuildAsync();
        try
        {
            await client.StartAsync();
            Assert.Equal(1, (await client.BootstrapAsync([via.Address.ToString()])).Joined);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Sets a value until so many nodes have stored it. On a loaded machine a lookup ends without a node that answers later than it used
    /// to. A cold cluster's first STORE waits for its shard, there for longer than its sender waits for an answer.
    /// </summary>
    public static async Task SetUntilStoredAsync(this KadNode client, NodeId key, DhtValue value, int nodes)
    {
        var attempts = 1;
        while ((await client.SetAsync(key, value)).Stored < nodes)
        {
            Assert.True(++attempts <= MaxAttempts, $"Not stored by {nodes} nodes in {MaxAttempts} attempts.");
        }
    }

    /// <summary>Gets a value; null if it is not found in ten attempts. On a loaded machine a lookup ends before its nodes respond.</summary>
    public static async Task<DhtValue?> GetUntilFoundAsync(this KadNode client, NodeId key)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            if (await client.GetAsync(key) is { Found: true } got)
            {
                return got.Value;
            }
        }

        return null;
    }

    /// <summary>An address as the engine writes it.</summary>
    public static UdpEndpoint ToEndpoint(this IPEndPoint address) => UdpEndpoint.FromIPAddress(address.Address, address.Port);
}

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>What an edge does while storage is away and when the silo that held its grains stops, over real UDP.</summary>
public sealed class EdgeFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("IRoutingTableGrain.Subscribe")]
    [InlineData("IClusterGrain.Get")]
    public async Task An_edge_that_holds_its_lease_is_ready_though_its_table_cannot_be_read(string calls)
    {
        await using var cluster = new FaultCluster();
        await cluster.InitializeAsync();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "unread");
        await Eventually.BecomesAsync(() => edge.Health.IsReady, edge.Describe);
        var failed = 0;
        cluster.BeforeCall = call =>
        {
            if (call.StartsWith(calls, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref failed);
                throw new IOException("The record is unreadable.");
            }
        };

        // It is tried again with each renewal.
        await Eventually.BecomesAsync(() => Volatile.Read(ref failed) >= 3, () => failed);
        Assert.Equal((EdgePhase.Serving, null), (edge.Health.State, edge.Health.Obstacle));
        cluster.BeforeCall = static _ => { };
    }

    [Fact]
    public async Task While_storage_is_away_an_edge_answers_all_but_store_and_stores_again_when_it_is_back()
    {
        await using var cluster = new FaultCluster();
        await cluster.InitializeAsync();
        await using var edge = await TestEdge.ServeAsync(cluster.Client, "faulty");
        var (id, endpoint, epoch) = (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch);
        await using (var client = await JoinedAsync(endpoint))
        {
            Assert.Equal((1, 0), await StoreAsync(client, "kept", 1));
        }

        cluster.Storage.IsAway = true;
        await using (var client = await JoinedAsync(endpoint))
        {
            Assert.Equal((0, 1), await StoreAsync(client, "kept", 2));
            Assert.NotEqual(0, cluster.Storage.Refused);
        }

        await using (var client = await JoinedAsync(endpoint))
        {
            // Nor of a shard that nobody has woken yet: it cannot be read.
            Assert.Equal((0, 1), await StoreAsync(client, KeyOfAnotherShard("kept"), 3));
        }

        await using (var client = await JoinedAsync(endpoint))
        {
            Assert.Equal(DhtValue.FromInteger(1), (await client.GetAsync("kept", Token)).Value);
            Assert.Equal(id, (await client.PingAsync(endpoint, Token)).Id);
            Assert.Equal(EdgePhase.Serving, edge.Health.State);
        }

        cluster.Storage.IsAway = false;
        await using var later = await JoinedAsync(endpoint);
        Assert.Equal((1, 0), await StoreAsync(later, "kept", 4));
        Assert.Equal((1, 0), await StoreAsync(later, KeyOfAnotherShard("kept"), 5));
        Assert.Equal(DhtValue.FromInteger(4), (await later.GetAsync("kept", Token)).Value);
        Assert.Equal((id, endpoint, epoch), (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch));
    }

    [Fact]
    public async Task An_edge_serves_on_when_the_silo_that_held_its_grains_stops()
    {
        await using var cluster = new FaultCluster();
        await cluster.InitializeAsync();
        await using var peer = await Peer.NodeAsync();
        await using var edge = await TestEdge.ServeAsync(
            cluster.Client, "handed", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.BecomesAsync(() => edge.Health.IsReady, edge.Describe);
        var (id, endpoint, epoch) = (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch);
        var keys = Enumerable.Range(0, 20).Select(number => $"key {number}").ToList();
        await using (var client = await JoinedAsync(endpoint))
        {
            await Task.WhenAll(keys.Select(async (key, i) => Assert.Equal((2, 0), await StoreAsync(client, key, i))));
        }

        var table = cluster.Client.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(id));
        var version = (await table.GetSnapshotAsync()).Version;
        var address = await cluster.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(table);
        await cluster.Value.StopSiloAsync(cluster.Value.Silos.Single(silo => silo.SiloAddress.Equals(address)), Token);

        // Each activation's versions are above those of the one before: the edge is subscribed to the new one.
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].TableVersion >> 32 > version >> 32, edge.Describe);
        await edge.BecomesAsync(EdgePhase.Serving);
        Assert.Contains((await table.GetSnapshotAsync()).Contacts, contact => contact.Id == peer.Id);

        // The values are to come from the cluster alone.
        await peer.DisposeAsync();
        Assert.Equal((id, endpoint, epoch), (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch));
        await using var later = await JoinedAsync(endpoint);
        Assert.Equal(id, (await later.PingAsync(endpoint, Token)).Id);
        foreach (var (i, key) in keys.Index())
        {
            Assert.Equal(DhtValue.FromInteger(i), (await later.GetAsync(key, Token)).Value);
        }

        Assert.Equal(1, (await StoreAsync(later, "behind", 1)).Stored);
    }

    private static string KeyOfAnotherShard(string key) => Enumerable.Range(0, int.MaxValue)
        .Select(number => $"other {number}")
        .First(other => Shard(other) != Shard(key));

    private static long Shard(string key) => GrainKeys.Shard(NodeId.FromKey(key), FaultCluster.ShardBits);

    /// <summary>A client that met the edge: FIND_NODE was answered.</summary>
    private static async Task<KadNode> JoinedAsync(UdpEndpoint edge)
    {
        var client = await Peer.ClientAsync();
        Assert.Equal(1, (await client.BootstrapAsync([edge.ToString()], Token)).Joined);
        return client;
    }

    private static async Task<(int Stored, int Failed)> StoreAsync(KadNode client, string key, long value)
    {
        var set = await client.SetAsync(key, DhtValue.FromInteger(value), Token);
        return (set.Stored, set.Failed);
    }
}

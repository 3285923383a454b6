namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeFaultTests : IAsyncLifetime
{
    private readonly TestCluster _cluster = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData("IRoutingTableGrain.Subscribe")]
    [InlineData("IClusterGrain.Get")]
    public async Task An_edge_that_holds_its_lease_is_ready_though_its_table_cannot_be_read(string calls)
    {
        await using var edge = await TestEdge.ServeAsync(_cluster.Client, "unread");
        await edge.SaysAsync(null);
        var failed = 0;
        _cluster.BeforeCall = call =>
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
        _cluster.BeforeCall = static _ => { };
    }

    [Fact]
    public async Task While_storage_is_away_an_edge_answers_all_but_store_and_stores_again_when_it_is_back()
    {
        await using var edge = await TestEdge.ServeAsync(_cluster.Client, "faulty");
        var (id, endpoint, epoch) = (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch);
        Assert.Equal((1, 0), await StoreAsync(endpoint, "kept", 1));

        // Nor of a shard that nobody has woken yet: it cannot be read.
        _cluster.TakeStorageAway();
        Assert.Equal((0, 1), await StoreAsync(endpoint, "kept", 2));
        var other = Enumerable.Range(0, int.MaxValue).Select(number => $"other {number}").First(key => !ShardOf(key).Equals(ShardOf("kept")));
        Assert.Equal((0, 1), await StoreAsync(endpoint, other, 3));
        await using (var client = await Peer.JoinedAsync(endpoint))
        {
            Assert.Equal(DhtValue.FromInteger(1), (await client.GetAsync("kept", Token)).Value);
            Assert.Equal(id, (await client.PingAsync(endpoint, Token)).Id);
            Assert.Equal(EdgePhase.Serving, edge.Health.State);
        }

        _cluster.Rows.Heal();
        Assert.Equal((1, 0), await StoreAsync(endpoint, "kept", 4));
        Assert.Equal((1, 0), await StoreAsync(endpoint, other, 5));
        await using var later = await Peer.JoinedAsync(endpoint);
        Assert.Equal(DhtValue.FromInteger(4), (await later.GetAsync("kept", Token)).Value);
        Assert.Equal((id, endpoint, epoch), (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch));

        IKeyShardGrain ShardOf(string key) => _cluster.ShardOf(NodeId.FromKey(key));
    }

    [Fact]
    public async Task An_edge_serves_on_when_the_silo_that_held_its_grains_stops()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await TestEdge.ServeAsync(_cluster.Client, "handed", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await edge.SaysAsync(null);
        var (id, endpoint, epoch) = (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch);
        var keys = Enumerable.Range(0, 20).Select(number => $"key {number}").ToList();
        await using (var client = await Peer.JoinedAsync(endpoint))
        {
            await Task.WhenAll(keys.Select(async (key, i) => Assert.Equal((2, 0), await StoreAsync(client, key, i))));
        }

        var table = _cluster.Table(id);
        var version = (await table.GetSnapshotAsync()).Version;
        var address = await _cluster.FindSiloAsync(table);
        await _cluster.Cluster.StopSiloAsync(_cluster.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(address)), Token);

        // Each activation's versions are above those of the one before: the edge is subscribed to the new one.
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].TableVersion >> 32 > version >> 32, edge.Describe);
        await edge.BecomesAsync(EdgePhase.Serving);
        Assert.Contains((await table.GetSnapshotAsync()).Contacts, contact => contact.Id == peer.Id);

        // The values are to come from the cluster alone.
        await peer.DisposeAsync();
        Assert.Equal((id, endpoint, epoch), (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch));
        await using var later = await Peer.JoinedAsync(endpoint);
        Assert.Equal(id, (await later.PingAsync(endpoint, Token)).Id);
        foreach (var (i, key) in keys.Index())
        {
            Assert.Equal(DhtValue.FromInteger(i), (await later.GetAsync(key, Token)).Value);
        }

        // A response that is late on a busy machine counts as none.
        await Eventually.BecomesAsync(async () => (await StoreAsync(endpoint, "behind", 1)).Stored == 1, edge.Describe);
    }

    [Fact]
    public async Task Without_silos_an_edge_answers_ping_and_find_node_but_no_store_and_recovers_by_itself()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await TestEdge.ServeAsync(_cluster.Client, "outlives", ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await edge.SaysAsync(null);
        var (id, endpoint, epoch) = (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch);

        await _cluster.KillSilosAsync();
        await edge.BecomesAsync(EdgePhase.CutOff);
        Assert.Equal((false, "the silos do not answer"), (edge.Health.IsReady, edge.Health.Obstacle));
        await using (var client = await Peer.ClientAsync())
        {
            Assert.Equal(id, (await client.PingAsync(endpoint, Token)).Id);

            // A response that is late on a busy machine counts as none.
            await Eventually.ReadAsync(
                () => client.BootstrapAsync([endpoint.ToString()], Token),
                joined => joined.Lookup is { } lookup && lookup.Closest.Any(contact => contact.Id == peer.Id));
            await Eventually.BecomesAsync(async () => await StoreAsync(client, "during", 1) == (1, 1), edge.Describe);
        }

        await _cluster.Cluster.StartAdditionalSiloAsync();
        await edge.BecomesAsync(EdgePhase.Serving);
        await edge.SaysAsync(null);
        Assert.Equal((id, endpoint, epoch), (edge.Ids[0], edge.Endpoints[0], edge.Overview.Epoch));
        await Eventually.BecomesAsync(async () => await StoreAsync(endpoint, "after", 1) == (2, 0), edge.Describe);
    }

    [Fact]
    public async Task An_edge_that_starts_before_the_silos_waits_for_them()
    {
        await _cluster.KillSilosAsync();
        await using var edge = new TestEdge(_cluster.Client, "early");
        await edge.StartAsync();
        Assert.Equal((EdgePhase.Waiting, false), (edge.Health.State, edge.Health.IsReady));
        await edge.SaysAsync("the cluster gives no lease");

        await _cluster.Cluster.StartAdditionalSiloAsync();
        await edge.BecomesAsync(EdgePhase.Serving);
        await using var client = await Peer.ClientAsync();
        Assert.Equal(edge.Ids[0], (await client.PingAsync(edge.Endpoints[0], Token)).Id);
    }

    // By a client that has not met the edge's failures. How many stored the value, and how many did not answer.
    private static async Task<(int Stored, int Failed)> StoreAsync(UdpEndpoint edge, string key, long value)
    {
        await using var client = await Peer.JoinedAsync(edge);
        return await StoreAsync(client, key, value);
    }

    private static async Task<(int Stored, int Failed)> StoreAsync(KadNode client, string key, long value)
    {
        var set = await client.SetAsync(key, DhtValue.FromInteger(value), Token);
        return (set.Stored, set.Failed);
    }
}

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>An edge's engine works by what the cluster's silos agreed on, as its table does.</summary>
public sealed class EdgeConstantsTests : IAsyncLifetime
{
    private readonly TestCluster _cluster = new(4, new KademliaOptions { BucketSize = 2, ValueTimeToLive = TimeSpan.FromDays(1) });
    private readonly List<DhtNode> _peers = [.. Enumerable.Range(0, 5).Select(_ => Peer.Engine())];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_peers.Select(peer => peer.DisposeAsync().AsTask()));
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task An_edge_uses_the_clusters_k_and_life_of_values()
    {
        var bootstrap = string.Join(',', _peers.Select(peer => peer.LocalEndpoints[0]));
        await using var edge = await TestEdge.ServeAsync(_cluster.Client, "constants", ("Bootstrap", bootstrap));
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts > 2, () => edge.Overview);

        var set = await _cluster.Client.GetGrain<IDhtGrain>(0).SetAsync(NodeId.FromKey("ours"), DhtValue.FromString("value"), Token);
        Assert.Equal(2, set.Lookup!.Closest.Count);
        Assert.Equal(2, set.Stored);

        await using var client = await Peer.ClientAsync();
        await client.BootstrapAsync([edge.Endpoints[0].ToString()], Token);
        await client.SetAsync("theirs", DhtValue.FromString("value"), Token);
        var key = NodeId.FromKey("theirs");
        var stored = await _cluster.Client.GetGrain<IKeyShardGrain>(GrainKeys.Shard(key, _cluster.ShardBits)).GetAsync([key]);

        // A STORE that was sent again moves the time at which it was stored, and not its end.
        Assert.InRange(stored[0]!.ExpiresAt - stored[0]!.StoredAt, TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
    }
}

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>An edge's engine works by what the cluster's silos agreed on, as its table does.</summary>
public sealed class EdgeConstantsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_edge_uses_the_clusters_k_and_life_of_values()
    {
        await using var cluster = new TestCluster { Kademlia = new() { BucketSize = 2, ValueTimeToLive = TimeSpan.FromDays(1) } };
        await cluster.InitializeAsync();
        var peers = Enumerable.Range(0, 5).Select(_ => Peer.Engine()).ToList();
        await using var edge = await TestEdge.ServeAsync(
            cluster.Client, "constants", ("Bootstrap", string.Join(',', peers.Select(peer => peer.LocalEndpoints[0]))));
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts > 2, () => edge.Overview);

        var set = await cluster.Client.GetGrain<IDhtGrain>(0).SetAsync(NodeId.FromKey("ours"), DhtValue.FromString("value"), Token);
        Assert.Equal((2, 2), (set.Lookup!.Closest.Count, set.Stored));

        await using var client = await Peer.JoinedAsync(edge.Endpoints[0]);
        await client.SetAsync("theirs", DhtValue.FromString("value"), Token);
        var key = NodeId.FromKey("theirs");
        var stored = (await cluster.ShardOf(key).GetAsync([key]))[0]!;

        // A STORE that was sent again moves the time at which it was stored, and not its end.
        Assert.InRange(stored.ExpiresAt - stored.StoredAt, TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        await Task.WhenAll(peers.Select(peer => peer.DisposeAsync().AsTask()));
    }
}

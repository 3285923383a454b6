namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Values of the cluster going out again: from the shard's tick over the edge to a peer.</summary>
public sealed class EdgeRepublishTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_due_in_a_shard_goes_out_and_that_is_noted_there_for_a_publication_with_a_new_life(bool isPublished)
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await ServeForAsync(peer, $"republishes {isPublished}");
        var (now, key) = (DateTimeOffset.UtcNow, NodeId.FromKey($"due {isPublished}"));
        var value = isPublished
            ? new StoredValue(DhtValue.FromInteger(2), now, now.AddDays(6), default) { PublishedAt = now.AddDays(-1) }
            : new StoredValue(DhtValue.FromInteger(1), now.AddHours(-2), now.AddHours(3), default);
        await cluster.ShardOf(key).PutAsync([new ShardPut(key, value, isPublished ? PutKind.Publication : PutKind.Import)]);

        await cluster.RemindAsync(cluster.ShardOf(key), KeyShardGrain.Expiry);

        // A value without a lookup is the peer's own.
        await Eventually.ReadAsync(() => peer.GetAsync(key, Token), got => got is { Found: true, Lookup: null });
        var held = await Eventually.ReadAsync(() => HeldAsync(key), held => (isPublished ? held.PublishedAt : held.StoredAt) >= now);
        Assert.True(isPublished ? held.ExpiresAt >= now.AddDays(7) : held.ExpiresAt == value.ExpiresAt);
    }

    [Fact]
    public async Task A_publication_ends_when_the_network_holds_a_later_value_and_the_cluster_takes_that()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await ServeForAsync(peer, "gives-up");
        var (now, key) = (DateTimeOffset.UtcNow, NodeId.FromKey("outdated"));
        var value = new StoredValue(DhtValue.FromInteger(3), now, now.AddDays(6), default) { PublishedAt = now.AddDays(-1) };
        await peer.SetAsync(key, DhtValue.FromInteger(4), Token);
        await cluster.ShardOf(key).RemoveAsync([key]);
        await cluster.ShardOf(key).PutAsync([new ShardPut(key, value)]);

        await cluster.RemindAsync(cluster.ShardOf(key), KeyShardGrain.Expiry);

        await Eventually.BecomesAsync(async () => (await HeldAsync(key)).Value == DhtValue.FromInteger(4), () => "the old value");
        Assert.Null((await HeldAsync(key)).PublishedAt);
        Assert.Equal(DhtValue.FromInteger(4), (await peer.GetAsync(key, Token)).Value);
    }

    private async Task<TestEdge> ServeForAsync(KadNode peer, string name)
    {
        var edge = await TestEdge.ServeAsync(cluster.Client, name, ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts == 1, edge.Describe);
        await Eventually.BecomesAsync(() => peer.RoutingTable.Count == 1, () => "nobody");
        return edge;
    }

    private async Task<StoredValue> HeldAsync(NodeId key)
    {
        var held = (await cluster.ShardOf(key).GetAsync([key]))[0];
        Assert.NotNull(held);
        return held;
    }
}

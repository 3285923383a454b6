namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Values of the cluster going out again: from the shard's tick over the edge to a peer.</summary>
public sealed class EdgeRepublishTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const string HourlyReminder = "expiry";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_due_in_a_shard_goes_out_and_that_is_noted_there()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await ServeForAsync(peer, "republishes");
        var (now, key) = (DateTimeOffset.UtcNow, NodeId.FromKey("due"));
        var value = new StoredValue(DhtValue.FromInteger(1), now.AddHours(-2), now.AddHours(3), default);
        await ShardOf(key).PutAsync([new ShardPut(key, value, PutKind.Import)]);

        await TickAsync(key);

        await Eventually.BecomesAsync(() => HoldsAsync(peer, key), () => "no STORE");
        await Eventually.BecomesAsync(async () => (await HeldAsync(key)).StoredAt >= now, () => "no note of it");
        Assert.Equal(value.ExpiresAt, (await HeldAsync(key)).ExpiresAt);
    }

    [Fact]
    public async Task What_the_cluster_published_a_day_ago_goes_out_with_a_new_life()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await ServeForAsync(peer, "publishes");
        var (now, key) = (DateTimeOffset.UtcNow, NodeId.FromKey("published"));
        var value = new StoredValue(DhtValue.FromInteger(2), now, now.AddDays(6), default) { PublishedAt = now.AddDays(-1) };
        await ShardOf(key).PutAsync([new ShardPut(key, value)]);

        await TickAsync(key);

        await Eventually.BecomesAsync(() => HoldsAsync(peer, key), () => "no STORE");
        await Eventually.BecomesAsync(async () => (await HeldAsync(key)).PublishedAt >= now, () => "no renewal");
        Assert.True((await HeldAsync(key)).ExpiresAt >= now.AddDays(7));
    }

    [Fact]
    public async Task A_publication_ends_when_the_network_holds_a_later_value_and_the_cluster_takes_that()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await ServeForAsync(peer, "gives-up");
        var (now, key) = (DateTimeOffset.UtcNow, NodeId.FromKey("outdated"));
        var value = new StoredValue(DhtValue.FromInteger(3), now, now.AddDays(6), default) { PublishedAt = now.AddDays(-1) };
        await peer.SetAsync(key, DhtValue.FromInteger(4), Token);
        await ShardOf(key).RemoveAsync([key]);
        await ShardOf(key).PutAsync([new ShardPut(key, value)]);

        await TickAsync(key);

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

    private IKeyShardGrain ShardOf(NodeId key) => cluster.Client.GetGrain<IKeyShardGrain>(GrainKeys.Shard(key, cluster.ShardBits));

    private async Task<StoredValue> HeldAsync(NodeId key)
    {
        var held = (await ShardOf(key).GetAsync([key]))[0];
        Assert.NotNull(held);
        return held;
    }

    private Task TickAsync(NodeId key) => cluster.Client.GetGrain<IRemindable>(ShardOf(key).GetGrainId())
        .ReceiveReminder(HourlyReminder, new TickStatus(default, TimeSpan.FromHours(1), default));

    // A value without a lookup is the peer's own.
    private static async Task<bool> HoldsAsync(KadNode peer, NodeId key) =>
        await peer.GetAsync(key, Token) is { Found: true, Lookup: null };
}

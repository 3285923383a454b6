namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Reminders that keep the table of a live edge: on the real runtime, over real UDP. The ticks are the test's.</summary>
public sealed class EdgeReminderTests : IAsyncLifetime
{
    private const int WalksPerTick = 3;

    // The shortest that is allowed, and shorter than a subscription lasts.
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(1);

    private readonly TestCluster _cluster = new() { Kademlia = new() { BucketRefreshInterval = RefreshInterval } };

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Reminders_that_come_twice_lead_to_one_batch_of_walks_and_one_refresh_of_what_is_due()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await ServeAsync(peer.Engine);
        var reminders = _cluster.Service<IReminderTable>();
        await Eventually.ReadAsync(
            () => reminders.ReadRows(Table(edge).GetGrainId()),
            rows => rows.Reminders.Select(row => (row.ReminderName, row.Period)).ToHashSet().SetEquals(
                [(RoutingTableGrain.Walk, RoutingTableGrain.WalkPeriod), (RoutingTableGrain.Refresh, RefreshInterval)]));
        var joined = await LastLookupAsync(edge);

        await TickAsync(edge, RoutingTableGrain.Walk, times: 20);
        await Eventually.BecomesAsync(() => Walks(edge) >= WalksPerTick, edge.Describe);

        // Walks are lookups too: the table hears of them soon after.
        var walked = await Eventually.ReadAsync(() => LastLookupAsync(edge), last => last > joined);
        await TickAsync(edge, RoutingTableGrain.Walk, times: 20);
        await Table(edge).GetSnapshotAsync();

        // The bucket is due a minute after them: the next tick for refresh has it looked up, though nobody walks.
        _cluster.Clock.Ahead += RefreshInterval;
        _cluster.Clock.Passed += RefreshInterval;
        await TickAsync(edge, RoutingTableGrain.Refresh, times: 1);
        await Eventually.ReadAsync(() => LastLookupAsync(edge), last => last >= walked + RefreshInterval);
        Assert.Equal((WalksPerTick, 1), (Walks(edge), edge.Overview.Nodes[0].Contacts));
    }

    [Fact]
    public async Task A_contact_that_a_walk_meets_comes_into_the_clusters_table()
    {
        await using var peer = Peer.Engine();
        await using var edge = await ServeAsync(peer);
        await using var newcomer = Peer.Engine();

        // The newcomer and the peer know each other, and nobody has told the edge.
        await peer.PingAsync(newcomer.LocalEndpoints[0], TestContext.Current.CancellationToken);
        await Eventually.BecomesAsync(() => peer.RoutingTable.TryGet(newcomer.Id, out _), () => peer.RoutingTable.Count);
        Assert.False((await Table(edge).GetSnapshotAsync()).TryGet(newcomer.Id, out _));

        await TickAsync(edge, RoutingTableGrain.Walk, times: 1);
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts == 2, edge.Describe);

        Assert.True((await Table(edge).GetSnapshotAsync()).TryGet(newcomer.Id, out var contact));
        Assert.Equal(newcomer.LocalEndpoints[0], contact.Endpoint);
        await Eventually.BecomesAsync(() => edge.Overview.Counts["walks.newContacts"] >= 1, edge.Describe);
    }

    /// <summary>It joins once. An edge whose first snapshot is late would join again, and so meet whom the walks should meet.</summary>
    private async Task<TestEdge> ServeAsync(DhtNode peer)
    {
        var edge = new TestEdge(_cluster.Client, "reminded", ("Bootstrap", peer.LocalEndpoints[0].ToString()))
        {
            Timing = TestEdge.Often with { FirstJoinPause = TimeSpan.FromDays(1) },
        };
        await edge.StartAsync();
        await Eventually.BecomesAsync(() => edge.Overview.Nodes is [{ Contacts: 1 }], edge.Describe);

        // The peer was asked for all that the join meets: whom it gets to know later is left to walks.
        await Eventually.BecomesAsync(() => peer.Counts["received.FindNode"] > 0, edge.Describe);
        return edge;
    }

    private Task TickAsync(TestEdge edge, string name, int times) =>
        Task.WhenAll(Enumerable.Range(0, times).Select(_ => _cluster.RemindAsync(Table(edge), name)));

    private async Task<DateTimeOffset> LastLookupAsync(TestEdge edge) => (await Table(edge).DescribeAsync()).Single().LastLookup;

    private IRoutingTableGrain Table(TestEdge edge) => _cluster.Table(edge.Ids[0]);

    private static long Walks(TestEdge edge) => edge.Overview.Counts.GetValueOrDefault("walks.done");
}

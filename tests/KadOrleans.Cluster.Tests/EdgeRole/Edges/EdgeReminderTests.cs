namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Reminders that keep the table of a live edge: on the real runtime, over real UDP.</summary>
public sealed class EdgeReminderTests(ReminderCluster cluster) : IClassFixture<ReminderCluster>
{
    private const int WalksPerTick = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reminders_drive_refresh_and_walks_at_the_edge()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await ServeAsync("reminded", peer.Engine);
        var table = Table(edge);
        var before = (await table.DescribeAsync()).Single().LastLookup;

        await cluster.AdvanceUntilAsync(() => Walks(edge) >= WalksPerTick, edge.Describe);
        Assert.Equal(0, Walks(edge) % WalksPerTick);

        // Walks are lookups too: the table hears of them soon after.
        var walked = before;
        await Eventually.BecomesAsync(
            async () => (walked = (await table.DescribeAsync()).Single().LastLookup) > before, () => walked);

        // The bucket is due a minute after them: the next tick for refresh has it looked up, though nobody walks.
        cluster.Clock.Advance(ReminderCluster.RefreshInterval);
        var remindable = cluster.Client.GetGrain<IRemindable>(table.GetGrainId());
        var walks = Walks(edge);
        await remindable.ReceiveReminder("refresh", default);
        var looked = walked;
        await Eventually.BecomesAsync(
            async () => (looked = (await table.DescribeAsync()).Single().LastLookup) > walked, () => looked);
        Assert.Equal(walks, Walks(edge));
        Assert.Equal(1, edge.Overview.Nodes[0].Contacts);
    }

    [Fact]
    public async Task A_contact_that_a_walk_meets_comes_into_the_clusters_table()
    {
        await using var peer = Peer.Engine();
        await using var edge = await ServeAsync("walking", peer);
        await using var newcomer = Peer.Engine();

        // The newcomer and the peer know each other, and nobody has told the edge.
        await peer.PingAsync(newcomer.LocalEndpoints[0], Token);
        await Eventually.BecomesAsync(() => peer.RoutingTable.TryGet(newcomer.Id, out _), () => peer.RoutingTable.Count);
        Assert.False((await Table(edge).GetSnapshotAsync()).TryGet(newcomer.Id, out _));

        await cluster.AdvanceUntilAsync(() => edge.Overview.Nodes[0].Contacts == 2, edge.Describe);

        Assert.True((await Table(edge).GetSnapshotAsync()).TryGet(newcomer.Id, out var contact));
        Assert.Equal(newcomer.LocalEndpoints[0], contact.Endpoint);
        await Eventually.BecomesAsync(() => edge.Overview.Counts["walks.newContacts"] >= 1, edge.Describe);
    }

    [Fact]
    public async Task A_reminder_that_comes_twice_or_was_missed_leads_to_one_batch_of_walks()
    {
        await using var peer = await Peer.NodeAsync();
        await using var edge = await ServeAsync("twice", peer.Engine);
        var remindable = cluster.Client.GetGrain<IRemindable>(Table(edge).GetGrainId());
        var walks = Walks(edge);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => remindable.ReceiveReminder("walk", default)));
        await Eventually.BecomesAsync(() => Walks(edge) >= walks + WalksPerTick, edge.Describe);
        var again = Task.WhenAll(Enumerable.Range(0, 20).Select(_ => remindable.ReceiveReminder("walk", default)));
        await again;
        await Table(edge).GetSnapshotAsync();

        Assert.Equal(walks + WalksPerTick, Walks(edge));
        Assert.Equal(1, edge.Overview.Nodes[0].Contacts);
    }

    private async Task<TestEdge> ServeAsync(string name, DhtNode peer)
    {
        var edge = await TestEdge.ServeAsync(
            cluster.Client, name, Timing, ("Bootstrap", peer.LocalEndpoints[0].ToString()));
        await Eventually.BecomesAsync(() => edge.Overview.Nodes[0].Contacts == 1, edge.Describe);

        // The peer was asked for all that the join meets: whom it gets to know later is left to walks.
        await Eventually.BecomesAsync(() => peer.Counts["received.FindNode"] > 0, edge.Describe);
        return edge;
    }

    /// <summary>
    /// Renews as fast as the clock is moved, and joins once. An edge whose first snapshot is late would join again, and so meet the
    /// contacts that the walks should meet.
    /// </summary>
    private static EdgeTiming Timing(EdgeTiming timing) => timing with
    {
        Renewal = TimeSpan.FromMilliseconds(50),
        Subscription = TimeSpan.Zero,
        FirstJoinPause = TimeSpan.FromDays(1),
    };

    private IRoutingTableGrain Table(TestEdge edge) => cluster.Client.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(edge.Ids[0]));

    private static long Walks(TestEdge edge) => edge.Overview.Counts.GetValueOrDefault("walks.done");
}

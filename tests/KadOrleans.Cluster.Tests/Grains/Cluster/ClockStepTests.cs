namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>A silo's clock is set while it runs: what is measured in seconds and minutes must not follow.</summary>
public sealed class ClockStepTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>, IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromHours(6);

    private readonly TestEdge _edge = new();

    private IEdgeDesk Reference => field ??= cluster.Reference(_edge);

    public void Dispose() => cluster.TimeOfDay.Ahead = TimeSpan.Zero;

    [Fact]
    public async Task A_clock_that_is_set_ahead_ends_no_lease_and_no_subscription()
    {
        var lease = await cluster.Directory.LeaseAsync("ahead", 1, Reference);
        var table = cluster.Table(lease.NodeIds[0]);
        await table.SubscribeAsync(lease.Epoch, Reference);

        cluster.TimeOfDay.Ahead = Step;

        Assert.Contains(await cluster.Directory.GetLiveAsync(), live => live.Name == "ahead");
        Assert.NotEqual(NameUse.Free, await cluster.Directory.AskForNameAsync("ahead", cluster.Reference(new TestEdge())));
        await TickAsync(table);
        await cluster.UntilAsync(() => !_edge.Work.IsEmpty);
        await cluster.Directory.ReleaseAsync("ahead", lease.Epoch);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_prolongs_no_lease()
    {
        cluster.TimeOfDay.Ahead = Step;
        await cluster.Directory.LeaseAsync("back", 1, Reference);
        cluster.TimeOfDay.Ahead = TimeSpan.Zero;
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);

        Assert.DoesNotContain(await cluster.Directory.GetLiveAsync(), live => live.Name == "back");
    }

    [Fact]
    public async Task A_clock_that_is_set_back_keeps_no_tick_from_being_a_new_one()
    {
        var table = cluster.Table(Samples.Key(40));
        cluster.TimeOfDay.Ahead = Step;
        await table.SubscribeAsync(1, Reference);
        await table.ObserveAsync(1, [ContactObservation.Answered(new SeededRandomSource(40).NextContact())]);
        await TickAsync(table);
        await cluster.UntilAsync(() => Walks() == 1);

        cluster.TimeOfDay.Ahead = TimeSpan.Zero;
        cluster.Clock.Advance(RoutingTableGrain.WalkPeriod);
        await table.SubscribeAsync(1, Reference);
        await TickAsync(table);
        await cluster.UntilAsync(() => Walks() == 2);

        // The clock may also bring the refresh that the table has set.
        int Walks() => _edge.Work.OfType<RandomWalkWork>().Count();
    }

    [Fact]
    public async Task A_clock_that_is_set_back_has_the_facade_call_no_edge_that_is_gone()
    {
        var gone = await cluster.Directory.LeaseAsync("gone", 1, Reference);
        cluster.TimeOfDay.Ahead = Step;
        await AskAsync();
        Assert.NotEqual(0, _edge.Calls);
        cluster.TimeOfDay.Ahead = TimeSpan.Zero;
        await cluster.Directory.ReleaseAsync("gone", gone.Epoch);
        var other = new TestEdge();
        await cluster.Directory.LeaseAsync("other", 1, cluster.Reference(other));
        cluster.Clock.Advance(TimeSpan.FromSeconds(3));

        var before = _edge.Calls;
        await AskAsync();

        Assert.Equal(before, _edge.Calls);
        Assert.NotEqual(0, other.Calls);
    }

    // The facade has a worker on each silo, with a list of edges of its own.
    private async Task AskAsync()
    {
        for (var i = 0; i < 20; i++)
        {
            await cluster.Dht.FindNodeAsync(NodeId.FromKey("target"));
        }
    }

    private Task TickAsync(IAddressable table) =>
        cluster.Client.GetGrain<IRemindable>(table.GetGrainId()).ReceiveReminder(RoutingTableGrain.Walk, default);
}

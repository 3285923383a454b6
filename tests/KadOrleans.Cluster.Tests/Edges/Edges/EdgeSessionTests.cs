namespace KadOrleans.Cluster.Tests.Edges;

public sealed class EdgeSessionTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task A_session_that_does_not_open_leaves_nothing_running()
    {
        // The news loop waits for less than a call may take.
        var tables = Fake.Of<IRoutingTableGrain>((method, _) => method == nameof(IRoutingTableGrain.ObserveAsync)
            ? new ValueTask<TableAnswer>(new TableAnswer(IsFenced: false, [], [], 1))
            : new ValueTask<RoutingTableSnapshot?>((RoutingTableSnapshot?)null));
        var rules = Fake.Of<IRulesGrain>((_, _) => new ValueTask<EdgeRules?>(LoseAsync()));
        var grains = Fake.Of<IGrainFactory>((_, args) => args[0] is string ? tables : rules);
        var options = new KadEdgeOptions { Name = "edge-1" };
        using var watch = new ClockWatch(_clock, NullLogger<ClockWatch>.Instance);
        var context = new EdgeContext(
            options, new EdgeTiming(), grains, new NodeEnvironment { Time = _clock }, new EdgeHealth(options, _clock, watch), watch);
        var lease = new EdgeLease(1, [Samples.Key(1)], new ClusterSettings(4));

        await Assert.ThrowsAsync<LeaseLostException>(() => EdgeSession.OpenAsync(
            context, lease, new EdgeDesk(), Fake.Of<IEdgeDesk>((_, _) => null), _ => throw new NotSupportedException(), CancellationToken.None));

        Assert.Null(_clock.NextDue);
    }

    // Once the store's loop runs.
    private async Task<EdgeRules?> LoseAsync()
    {
        await Eventually.IsTrueAsync(() => _clock.NextDue < new EdgeTiming().Call);
        throw new LeaseLostException("Another edge has it.");
    }
}

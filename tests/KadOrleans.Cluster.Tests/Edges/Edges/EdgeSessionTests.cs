namespace KadOrleans.Cluster.Tests.Edges;

[Collection(OneShard.Name)]
public sealed class EdgeSessionTests(OneShardCluster cluster) : IAsyncDisposable
{
    private const string Name = "edge that does not open";

    // The edge's clock, which stands still. The silos have their own.
    private readonly ManualTimeProvider _clock = new();
    private EdgeLease? _lease;

    public async ValueTask DisposeAsync()
    {
        cluster.Gate.Open();
        if (_lease is { } lease)
        {
            await cluster.Directory.ReleaseAsync(Name, lease.Epoch);
        }
    }

    [Fact]
    public async Task A_session_that_does_not_open_leaves_nothing_running()
    {
        var options = new KadEdgeOptions { Name = Name };
        using var watch = new ClockWatch(_clock, NullLogger<ClockWatch>.Instance);
        var context = new EdgeContext(
            options, new EdgeTiming(), cluster.Client, new NodeEnvironment { Time = _clock }, new EdgeHealth(options, _clock, watch), watch);
        var desk = new EdgeDesk();
        var reference = cluster.Reference(desk);
        _lease = await cluster.Directory.LeaseAsync(Name, 1, reference);
        cluster.Gate.Set<IRulesGrain>(nameof(IRulesGrain.FetchAsync), LoseAsync);

        await Assert.ThrowsAsync<LeaseLostException>(() => EdgeSession.OpenAsync(
            context, _lease, desk, reference, _ => throw new NotSupportedException(), CancellationToken.None));

        // The timeout of a call is cancelled just after its caller goes on.
        await Eventually.IsTrueAsync(() => _clock.NextDue is null);

        // Once the store's loop runs: it waits for less than a call may take.
        async Task LoseAsync()
        {
            await Eventually.IsTrueAsync(() => _clock.NextDue < context.Timing.Call);
            throw new LeaseLostException("Another edge has it.");
        }
    }
}

using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting.Internal;

namespace KadOrleans.Tests.WebConsole;

/// <summary>The samples of a process that starts and stops.</summary>
public sealed class OverviewFeedTests
{
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);

    private readonly FailedWrites _failures = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_asked_before_the_process_has_started()
    {
        var calls = 0;
        using var feed = NewFeed(_ => Task.FromResult(new DhtStatus([new DhtNodeStatus($"{++calls}", [], [], 0, new Dictionary<string, long>())])));

        await feed.StartAsync(Token);
        Assert.Equal(0, calls);
        _lifetime.NotifyStarted();

        await using var overviews = feed.WatchAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await overviews.MoveNextAsync());
        Assert.Equal("1", Assert.Single(overviews.Current.Nodes).Name);
        await feed.StopAsync(Token);
    }

    [Fact]
    public async Task A_cluster_that_fails_a_call_while_the_process_stops_does_not_fail_the_process()
    {
        var asked = new TaskCompletionSource();

        // The call fails for want of silos once the process stops.
        using var feed = NewFeed(stopping =>
        {
            asked.TrySetResult();
            stopping.WaitHandle.WaitOne();
            throw new DhtUnavailableException("gone");
        });
        await feed.StartAsync(Token);
        _lifetime.NotifyStarted();
        await asked.Task.WaitAsync(Token);

        await feed.StopAsync(Token);

        Assert.False(feed.ExecuteTask!.IsFaulted, feed.ExecuteTask.Exception?.ToString());
    }

    // The clock stands still: no tick comes.
    [Fact]
    public async Task A_write_that_failed_is_shown_at_once()
    {
        using var feed = NewFeed(_ => Task.FromResult(new DhtStatus([])), new ManualTimeProvider());
        await feed.StartAsync(Token);
        _lifetime.NotifyStarted();
        await using var overviews = feed.WatchAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await overviews.MoveNextAsync());
        Assert.DoesNotContain(overviews.Current.Alarms, alarm => alarm is { Name: "KadStorageFailing", Fires: true });

        _failures.Record();

        Assert.True(await overviews.MoveNextAsync());
        Assert.Equal(
            "Requests over HTTP whose writes failed: 1.",
            Assert.Single(overviews.Current.Alarms, alarm => alarm is { Name: "KadStorageFailing", Fires: true }).Sentence);
        await feed.StopAsync(Token);
    }

    // The first reading of the silos fails.
    [Fact]
    public async Task The_silos_of_a_cluster_are_asked_again_after_a_failure_and_then_each_half_minute()
    {
        var (clock, calls) = (new ManualTimeProvider(), 0);
        var silo = new SiloDetails("S192.0.2.2:11111:6", null, "Active", null, null, null, null, true, null, false);
        using var feed = NewFeed(
            _ => Task.FromResult(new DhtStatus([])), clock, () => ++calls == 1 ? throw new DhtUnavailableException("away") : [silo]);
        await feed.StartAsync(Token);
        _lifetime.NotifyStarted();
        await using var overviews = feed.WatchAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await overviews.MoveNextAsync());
        Assert.Null(overviews.Current.Silos);

        for (var tick = 1; tick <= 7; tick++)
        {
            clock.Advance(OverviewFeed.Interval);
            Assert.True(await overviews.MoveNextAsync());
            Assert.Equal((1, tick < 7 ? 2 : 3), (overviews.Current.Silos!.Running, calls));
        }

        await feed.StopAsync(Token);
    }

    [Fact]
    public async Task The_edges_of_a_cluster_are_asked_each_half_minute_and_at_once_when_none_is_live()
    {
        var (clock, calls, isLive) = (new ManualTimeProvider(), 0, true);
        using var feed = NewFeed(
            _ => Task.FromResult(new DhtStatus(isLive ? [new DhtNodeStatus("a", [], [], 0, new Dictionary<string, long>())] : [])),
            clock,
            () => [],
            () =>
            {
                calls++;
                return [new EdgeDetails("a", isLive ? EdgeLeaseState.Live : EdgeLeaseState.Silent, [], [], 0, 1, clock.GetUtcNow())];
            });
        await feed.StartAsync(Token);
        _lifetime.NotifyStarted();
        await using var overviews = feed.WatchAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await overviews.MoveNextAsync());
        for (var tick = 1; tick <= 7; tick++)
        {
            clock.Advance(OverviewFeed.Interval);
            Assert.True(await overviews.MoveNextAsync());
            Assert.Equal((false, tick < 6 ? 1 : 2), (overviews.Current.IsUnserved, calls));
        }

        isLive = false;
        clock.Advance(OverviewFeed.Interval);
        Assert.True(await overviews.MoveNextAsync());
        Assert.Equal((true, 3), (overviews.Current.IsUnserved, calls));
        await feed.StopAsync(Token);
    }

    /// <summary>A feed over a DHT that answers requests for the status alone.</summary>
    private OverviewFeed NewFeed(
        Func<CancellationToken, Task<DhtStatus>> status,
        TimeProvider? time = null,
        Func<IReadOnlyList<SiloDetails>>? silos = null,
        Func<IReadOnlyList<EdgeDetails>>? edges = null) => new(
        Fake.Of<IDht>((method, args) => method == nameof(IDht.GetStatusAsync) ? status((CancellationToken)args[0]!) : throw new NotSupportedException(method)),
        Fake.Of<IDhtAdmin>((method, _) => method switch
        {
            nameof(IDhtAdmin.GetSilosAsync) when silos is not null => Task.FromResult(silos()),
            nameof(IDhtAdmin.GetEdgesAsync) when silos is not null => Task.FromResult(edges?.Invoke() ?? []),
            _ => throw new NotSupportedException(method),
        }),
        new ConsoleSubject(IsCluster: silos is not null, "memory"),
        new NoChecks(),
        _failures,
        _lifetime,
        time ?? TimeProvider.System,
        NullLogger<OverviewFeed>.Instance);

    private sealed class NoChecks : HealthCheckService
    {
        public override Task<HealthReport> CheckHealthAsync(Func<HealthCheckRegistration, bool>? predicate, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(new HealthReport(new Dictionary<string, HealthReportEntry>(), TimeSpan.Zero));
        }
    }
}

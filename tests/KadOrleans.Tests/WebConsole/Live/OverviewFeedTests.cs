using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting.Internal;

namespace KadOrleans.Tests.WebConsole;

/// <summary>The samples of a process that starts and stops.</summary>
public sealed class OverviewFeedTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_asked_before_the_process_has_started()
    {
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        var (dht, calls) = NewDht(_ => Task.FromResult(new DhtStatus([])));
        using var feed = NewFeed(dht, lifetime);

        await feed.StartAsync(Token);
        Assert.Equal(0, calls());
        lifetime.NotifyStarted();

        await foreach (var overview in feed.WatchAsync(Token))
        {
            Assert.NotNull(overview);
            break;
        }

        Assert.Equal(1, calls());
        await feed.StopAsync(Token);
    }

    [Fact]
    public async Task A_cluster_that_fails_a_call_while_the_process_stops_does_not_fail_the_process()
    {
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        var asked = new TaskCompletionSource();

        // The call fails for want of silos once the process stops.
        var (dht, _) = NewDht(stopping =>
        {
            asked.TrySetResult();
            stopping.WaitHandle.WaitOne();
            throw new DhtUnavailableException("gone");
        });
        using var feed = NewFeed(dht, lifetime);
        await feed.StartAsync(Token);
        lifetime.NotifyStarted();
        await asked.Task.WaitAsync(Token);

        await feed.StopAsync(Token);

        Assert.False(feed.ExecuteTask!.IsFaulted, feed.ExecuteTask.Exception?.ToString());
    }

    private static OverviewFeed NewFeed(IDht dht, ApplicationLifetime lifetime) =>
        new(dht, new NoChecks(), lifetime, TimeProvider.System, NullLogger<OverviewFeed>.Instance);

    /// <summary>Answers requests for the status alone.</summary>
    private static (IDht Dht, Func<int> Calls) NewDht(Func<CancellationToken, Task<DhtStatus>> status)
    {
        var calls = 0;
        return (Fake.Of<IDht>((method, args) =>
        {
            Assert.Equal(nameof(IDht.GetStatusAsync), method);
            calls++;
            return status((CancellationToken)args[0]!);
        }), () => calls);
    }

    private sealed class NoChecks : HealthCheckService
    {
        public override Task<HealthReport> CheckHealthAsync(Func<HealthCheckRegistration, bool>? predicate, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(new HealthReport(new Dictionary<string, HealthReportEntry>(), TimeSpan.Zero));
        }
    }
}

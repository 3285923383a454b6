using System.Runtime.CompilerServices;

namespace KadOrleans.Lab;

/// <summary>The upkeep that a standalone node does beside its engine, of values and publications alone.</summary>
internal sealed class UpkeepWork : IAsyncDisposable
{
    /// <summary>Later than any simulation ends: former contacts are not asked.</summary>
    private static readonly TimeSpan Never = TimeSpan.FromDays(20);

    private readonly CancellationTokenSource _stopping = new();
    private readonly MaintenanceRunner _runner;
    private Task _running = Task.CompletedTask;

    public UpkeepWork(DhtNode node, IKeyStore store, int maxPublications, SimulatedWorld world)
    {
        Publications = new InMemoryPublicationStore(maxPublications);
        var schedule = new UpkeepSchedule(UpkeepSchedule.Period * world.Random.NextDouble(), world.Clock);
        _runner = new MaintenanceRunner(node, store, Publications, schedule, static _ => Task.CompletedTask, world.Environment)
        {
            RepairPeriod = Never,
        };
    }

    public IPublicationStore Publications { get; }

    public void Start() => _running = _runner.RunAsync(_stopping.Token);

    /// <summary>Refreshes the far buckets, as a node does after a join.</summary>
    public Task RefreshAfterJoinAsync() => _runner.RefreshAfterJoinAsync(_stopping.Token);

    public async ValueTask DisposeAsync()
    {
        // Not CancelAsync, which leaves the simulation's thread.
        _stopping.Cancel();
        await _running;
        _stopping.Dispose();
    }
}

/// <summary>Has a node look each minute what is to be sent, and gives it no other work.</summary>
internal sealed class UpkeepSchedule(TimeSpan first, TimeProvider time) : IMaintenanceSchedule
{
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    public async IAsyncEnumerable<MaintenanceTask> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Nodes do not start in the same second.
        await Task.Delay(first, time, cancellationToken);
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            yield return new MaintenanceTask.Republish();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }
}

using KadOrleans.Core.Maintenance;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Maintenance;

/// <summary>Does the periodic work that a schedule hands out. One failure never ends the loop.</summary>
/// <param name="node">Looks up.</param>
/// <param name="store">Is told to forget what is expired.</param>
/// <param name="schedule">Says what is due.</param>
/// <param name="walks">Refreshes the table by random walks when that is handed out; the caller disposes it.</param>
/// <param name="rejoin">Joins the network again, when the table is empty.</param>
/// <param name="environment">Time, randomness and logging.</param>
public sealed class MaintenanceRunner(
    DhtNode node,
    IKeyStore store,
    IMaintenanceSchedule schedule,
    RoutingTableRefreshManager walks,
    Func<CancellationToken, Task> rejoin,
    NodeEnvironment environment)
{
    /// <summary>Refresh lookups at once: enough to be done in time, few enough to go unnoticed.</summary>
    private const int ParallelLookups = 3;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<MaintenanceRunner>();

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var task in schedule.WatchAsync(cancellationToken))
        {
            try
            {
                await DoAsync(task, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                _logger.MaintenanceFailed(task.GetType().Name, e);
            }
        }
    }

    /// <summary>Looks up a random id in each bucket (Kademlia §2.3).</summary>
    public async Task RefreshAsync(IReadOnlyList<BucketRange> buckets, CancellationToken cancellationToken)
    {
        var next = -1;
        var workers = Enumerable.Range(0, ParallelLookups).Select(_ => WorkAsync()).ToList();
        foreach (var worker in workers)
        {
            await worker;
        }

        _logger.BucketsRefreshed(buckets.Count);

        async Task WorkAsync()
        {
            for (var i = Interlocked.Increment(ref next); i < buckets.Count; i = Interlocked.Increment(ref next))
            {
                await node.FindNodeAsync(buckets[i].RandomId(environment.Random), cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>
    /// After a join: refreshes all k-buckets further away than the nearest neighbour's (Kademlia §2.3), one lookup per
    /// doubling of the network.
    /// </summary>
    public Task RefreshAfterJoinAsync(CancellationToken cancellationToken) => node.Nearest(node.Id, 1) is [var nearest]
        ? RefreshAsync(RefreshPolicy.GetJoinBuckets(node.Id, nearest.Id), cancellationToken)
        : Task.CompletedTask;

    private Task DoAsync(MaintenanceTask task, CancellationToken cancellationToken) => task switch
    {
        MaintenanceTask.RefreshBuckets refresh => RefreshAsync(refresh.Buckets, cancellationToken),
        MaintenanceTask.RandomWalk => walks.RefreshAsync(force: true, cancellationToken),
        MaintenanceTask.Rejoin => rejoin(cancellationToken),
        _ => ExpireAsync(cancellationToken),
    };

    private async Task ExpireAsync(CancellationToken cancellationToken)
    {
        var removed = await store.RemoveExpiredAsync(environment.Time.GetUtcNow(), cancellationToken);
        if (removed > 0)
        {
            _logger.ValuesExpired(removed);
        }
    }
}

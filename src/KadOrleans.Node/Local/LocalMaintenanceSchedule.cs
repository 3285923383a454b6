using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Local;

/// <summary>A standalone node's own time: looks once a minute what is due.</summary>
internal sealed class LocalMaintenanceSchedule(LocalRoutingTable table, KademliaOptions options, TimeProvider time)
    : IMaintenanceSchedule
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    public async IAsyncEnumerable<MaintenanceTask> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            yield return new MaintenanceTask.ExpireValues();
            if (table.Snapshot.Count == 0)
            {
                yield return new MaintenanceTask.Rejoin();
            }

            var lonely = table.GetLonelyBuckets(options.BucketRefreshInterval);
            if (lonely.Count > 0)
            {
                yield return new MaintenanceTask.RefreshBuckets(lonely);
            }
        }
    }
}

using KadOrleans.Core;
using KadOrleans.Core.Clocks;
using KadOrleans.Core.Routing;

namespace KadOrleans.Node.Ports;

/// <summary>
/// Gives periodic work when it is due. A standalone node has its own timer; a cluster's reminders pass work to a live edge. A task may come
/// twice, or late, so all work is idempotent.
/// </summary>
internal interface IMaintenanceSchedule
{
    /// <summary>The tasks as they become due, until cancelled.</summary>
    IAsyncEnumerable<MaintenanceTask> WatchAsync(CancellationToken cancellationToken);
}

internal abstract record MaintenanceTask
{
    private MaintenanceTask()
    {
    }

    /// <summary>Look up a random id in each of these buckets (Kademlia §2.3).</summary>
    public sealed record RefreshBuckets(IReadOnlyList<BucketRange> Buckets) : MaintenanceTask;

    public sealed record Walk : MaintenanceTask;

    /// <summary>Remove the values whose time to live is over.</summary>
    public sealed record ExpireValues : MaintenanceTask;

    /// <summary>Move the times that a wrong clock noted.</summary>
    public sealed record CorrectTimes(ClockCorrection Correction) : MaintenanceTask;

    /// <summary>Republish the due values and publications (Kademlia §2.5).</summary>
    public sealed record Republish : MaintenanceTask;

    /// <summary>Republish these keys if they are due. A cluster's shard found them.</summary>
    public sealed record RepublishKeys(IReadOnlyList<NodeId> Keys) : MaintenanceTask
    {
        /// <summary>Called once when the work is done, so that the schedule can give more.</summary>
        public Action Ended { get; init; } = static () => { };
    }

    /// <summary>Query the bootstrap nodes again, as the table is empty.</summary>
    public sealed record Rejoin : MaintenanceTask;
}

using KadOrleans.Core;
using KadOrleans.Core.Clocks;
using KadOrleans.Core.Routing;

namespace KadOrleans.Node.Ports;

/// <summary>
/// Says when periodic work is due. A standalone node keeps its own time; a cluster's reminders hand work to a live
/// edge. The same task may come twice, or late, so all work is idempotent.
/// </summary>
public interface IMaintenanceSchedule
{
    /// <summary>The tasks as they become due, until cancelled.</summary>
    IAsyncEnumerable<MaintenanceTask> WatchAsync(CancellationToken cancellationToken);
}

/// <summary>One piece of periodic work that is due.</summary>
public abstract record MaintenanceTask
{
    private MaintenanceTask()
    {
    }

    /// <summary>Look up a random id in each of these buckets (Kademlia §2.3).</summary>
    /// <param name="Buckets">Buckets without a lookup for an hour.</param>
    public sealed record RefreshBuckets(IReadOnlyList<BucketRange> Buckets) : MaintenanceTask;

    /// <summary>Refresh the table by random walks.</summary>
    public sealed record RandomWalk : MaintenanceTask;

    /// <summary>Remove the values whose time to live is over.</summary>
    public sealed record ExpireValues : MaintenanceTask;

    /// <summary>Move the times that were noted by a wrong clock.</summary>
    /// <param name="Correction">Which, and how far.</param>
    public sealed record CorrectTimes(ClockCorrection Correction) : MaintenanceTask;

    /// <summary>Republish what is due of the values held and published here (Kademlia §2.5).</summary>
    public sealed record Republish : MaintenanceTask;

    /// <summary>Send these out again where they are due; somebody else looked for them.</summary>
    /// <param name="Keys">Their keys.</param>
    public sealed record RepublishKeys(IReadOnlyList<NodeId> Keys) : MaintenanceTask
    {
        /// <summary>Called once when the work is done: whoever gave it may give more.</summary>
        public Action Ended { get; init; } = static () => { };
    }

    /// <summary>Ask the bootstrap nodes again: the table is empty.</summary>
    public sealed record Rejoin : MaintenanceTask;
}

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

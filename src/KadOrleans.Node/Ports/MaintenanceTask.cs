using KadOrleans.Core.Routing;

namespace KadOrleans.Node.Ports;

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

    /// <summary>Ask the bootstrap nodes again: the table is empty.</summary>
    public sealed record Rejoin : MaintenanceTask;
}

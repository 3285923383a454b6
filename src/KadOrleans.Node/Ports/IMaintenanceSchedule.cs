namespace KadOrleans.Node;

/// <summary>Gives periodic work when it is due. A task may come twice or late, so all work is idempotent.</summary>
internal interface IMaintenanceSchedule
{
    IAsyncEnumerable<MaintenanceTask> WatchAsync(CancellationToken cancellationToken);
}

internal abstract record MaintenanceTask
{
    public sealed record RefreshBuckets(IReadOnlyList<BucketRange> Buckets) : MaintenanceTask;

    public sealed record Walk : MaintenanceTask;

    public sealed record ExpireValues : MaintenanceTask;

    public sealed record CorrectTimes(ClockCorrection Correction) : MaintenanceTask
    {
        /// <summary>Called once all is written. What is not is corrected again.</summary>
        public Action Ended { get; init; } = static () => { };
    }

    public sealed record Republish : MaintenanceTask;

    /// <summary>Keys found by a cluster's shard or after a cut, republished if they are due.</summary>
    public sealed record RepublishKeys(IReadOnlyList<NodeId> Keys) : MaintenanceTask
    {
        public Action Ended { get; init; } = static () => { };

        /// <summary>Whether they are due at any age, as their holders may be others since two parts of the network met.</summary>
        public bool IsAfterCut { get; init; }
    }

    public sealed record Rejoin : MaintenanceTask;
}

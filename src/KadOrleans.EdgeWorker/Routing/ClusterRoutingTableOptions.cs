namespace KadOrleans.EdgeWorker.Routing;

/// <summary>How a <see cref="ClusterRoutingTable"/> batches and waits. The defaults suit an edge.</summary>
public sealed record ClusterRoutingTableOptions
{
    /// <summary>Observations that may wait; beyond it the oldest is dropped. Default 4,096: a busy edge's few seconds.</summary>
    public int Queue { get; init; } = 4_096;

    /// <summary>The most observations in one grain call. Default 256.</summary>
    public int MaxBatch { get; init; } = 256;

    /// <summary>How long an observation waits for company when its batch is not full. Default 100 ms.</summary>
    public TimeSpan BatchInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The pause before a failed call is tried again; it doubles up to <see cref="LongestBackOff"/>. Default 100 ms.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between tries. Default 5 s: so soon a silo that is back is told.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the snapshot may stay behind the version that the table answered with, before it is asked for: a push
    /// may get lost. Default 1 s.
    /// </summary>
    public TimeSpan PushPatience { get; init; } = TimeSpan.FromSeconds(1);
}

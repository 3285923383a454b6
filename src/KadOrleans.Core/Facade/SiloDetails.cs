namespace KadOrleans;

/// <summary>A silo of a cluster.</summary>
/// <param name="Address">Its address, as logs name it.</param>
/// <param name="Name">Its name. Null if it is not known.</param>
/// <param name="State">What the membership says: Active, Joining, ShuttingDown, Stopping, Dead or Created.</param>
/// <param name="StartedAt">When it started; null if it is not known.</param>
/// <param name="LastHeard">When it was last known to be alive: now, or when it last wrote so, by its own clock; null if that is unknown.</param>
/// <param name="ClockDifference">How far the cluster's time is ahead of its clock. Null if it does not tell.</param>
/// <param name="Version">The release that it runs. Null if it does not tell.</param>
/// <param name="IsReady">Whether it says that it takes calls.</param>
/// <param name="Reason">Why it is not ready, or what slows it. Null if there is nothing to say.</param>
/// <param name="HasEdgeDirectory">Whether the directory that leases node ids to edges is there.</param>
public sealed record SiloDetails(
    string Address,
    string? Name,
    string State,
    DateTimeOffset? StartedAt,
    DateTimeOffset? LastHeard,
    TimeSpan? ClockDifference,
    string? Version,
    bool IsReady,
    string? Reason,
    bool HasEdgeDirectory)
{
    /// <summary>The node or machine that it runs on. Null if it does not tell.</summary>
    public string? Node { get; init; }

    /// <summary>How many shards are active on it. Null if it does not tell.</summary>
    public int? Shards { get; init; }

    /// <summary>The bytes of memory that its process has resident. Null if it does not tell.</summary>
    public long? ResidentBytes { get; init; }

    /// <summary>How a dead one ended. Null of others, and where the membership table could not be read.</summary>
    public SiloEnd? End { get; init; }

    /// <summary>When a dead one stopped or was declared dead, by the clock of who wrote it. Null of others, and if it is not known.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>
    /// Whether it is missing: the others declared it dead within a day, and no silo has started in its place since.
    /// </summary>
    public bool IsLost { get; init; }
}

/// <summary>How a silo ended.</summary>
public enum SiloEnd
{
    /// <summary>It left the cluster in order, and said so itself.</summary>
    Stopped,

    /// <summary>It did not say so: other silos declared it dead, as it crashed, hung, or was cut off from them.</summary>
    DeclaredDead,
}

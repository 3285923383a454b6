namespace KadOrleans;

/// <summary>A silo of a cluster.</summary>
/// <param name="Address">Its address, as logs name it.</param>
/// <param name="Name">Its name. Null if it is not known.</param>
/// <param name="State">What the membership says: Active, Joining, ShuttingDown, Stopping, Dead or Created.</param>
/// <param name="StartedAt">When it started; null if it is not known.</param>
/// <param name="LastHeard">When it was known to live last: now, or by its clock when it last wrote that; null if that is not known.</param>
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
    bool HasEdgeDirectory);

/// <summary>A shard of a cluster, and where it is.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Name">Its name in logs and messages.</param>
/// <param name="Silos">The addresses of the silos that it is active on: one, or none while nobody asks for it.</param>
/// <param name="Missing">The addresses of silos that did not respond. It may be active there.</param>
public sealed record ShardDetails(int Number, string Name, IReadOnlyList<string> Silos, IReadOnlyList<string> Missing);

using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Managing;

/// <summary>
/// What a silo knows of the cluster's silos. It calls no grain, so a silo that is not ready knows it too. A silo that does not respond costs
/// 2 s.
/// </summary>
internal interface IClusterSilos
{
    /// <summary>The silos: those that are not dead by address, and behind them the last dead ones.</summary>
    Task<IReadOnlyList<AdminSilo>> ReadAsync();

    /// <summary>Where a shard is active. It is not activated by this.</summary>
    /// <param name="key">A key of the shard. Null: the number says which shard it is.</param>
    /// <param name="number">The shard's number.</param>
    /// <exception cref="ArgumentException">There is no shard of that number.</exception>
    Task<AdminShard> FindShardAsync(NodeId? key, int number);
}

/// <summary>A silo.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Name">Its name; null if it is not known.</param>
/// <param name="Status">What the membership says.</param>
/// <param name="StartedAt">When it started; null if it is not known.</param>
/// <param name="LastHeard">When it was known to live last; null if it is not known.</param>
/// <param name="ClockDifference">How far the cluster's time is ahead of its clock. Null if it does not tell.</param>
/// <param name="Version">The release that it runs. Null if it does not tell.</param>
/// <param name="IsReady">Whether it says that it takes calls.</param>
/// <param name="Reason">Why it is not ready, or what slows it. Null if there is nothing to say.</param>
/// <param name="HasDirectory">Whether the directory of edges is active there.</param>
[GenerateSerializer]
[Alias("kad.AdminSilo")]
internal sealed record AdminSilo(
    [property: Id(0)] SiloAddress Address,
    [property: Id(1)] string? Name,
    [property: Id(2)] SiloStatus Status,
    [property: Id(3)] DateTimeOffset? StartedAt,
    [property: Id(4)] DateTimeOffset? LastHeard,
    [property: Id(5)] TimeSpan? ClockDifference,
    [property: Id(6)] string? Version,
    [property: Id(7)] bool IsReady,
    [property: Id(8)] string? Reason,
    [property: Id(9)] bool HasDirectory);

/// <summary>A shard and its place.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Name">Its name in logs and messages.</param>
/// <param name="Silos">Where it is active: one silo, or none while nobody asks for it.</param>
/// <param name="Missing">The silos that did not respond, so it may be active there.</param>
[GenerateSerializer]
[Alias("kad.AdminShard")]
internal sealed record AdminShard(
    [property: Id(0)] int Number,
    [property: Id(1)] string Name,
    [property: Id(2)] IReadOnlyList<SiloAddress> Silos,
    [property: Id(3)] IReadOnlyList<SiloAddress> Missing);

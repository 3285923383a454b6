using System.Text;

namespace KadOrleans;

/// <summary>What a DHT holds.</summary>
/// <param name="Keys">Keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
/// <param name="Shards">The parts of a cluster, by ascending number; empty for a node.</param>
/// <param name="Missing">The shards that did not respond in time. They are not counted.</param>
public sealed record DhtUsage(long Keys, long Bytes, IReadOnlyList<DhtShardUsage> Shards, IReadOnlyList<long> Missing)
{
    /// <summary>How many of the keys are items that are kept for their owners.</summary>
    public long Kept { get; init; }

    /// <summary>How many may be kept: the limit <c>keptKeys</c>. A shard has its part of it.</summary>
    public long MostKept { get; init; }

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>What a shard holds.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Keys">Keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
public sealed record DhtShardUsage(long Shard, long Keys, long Bytes)
{
    /// <summary>How many of the keys are items that are kept for their owners.</summary>
    public long Kept { get; init; }
}

/// <summary>What a DHT holds by source network.</summary>
/// <param name="Ranking">The networks that hold most, and totals.</param>
/// <param name="Missing">The shards that did not respond in time. They are not counted.</param>
public sealed record DhtSources(SourceRanking Ranking, IReadOnlyList<long> Missing)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

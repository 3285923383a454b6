namespace KadOrleans.Grains.Abstractions;

/// <summary>What is fixed when a cluster is created.</summary>
/// <param name="ShardBits">
/// Leading bits of a key that choose its shard, 0 to 16: 2 to that power grains hold the cluster's keys. Another value would
/// look for every key in the wrong place.
/// </param>
[GenerateSerializer]
[Alias("kad.ClusterSettings")]
public sealed record ClusterSettings([property: Id(0)] int ShardBits);

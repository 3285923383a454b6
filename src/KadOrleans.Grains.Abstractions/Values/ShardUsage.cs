namespace KadOrleans.Grains.Abstractions.Values;

/// <summary>What a shard holds.</summary>
/// <param name="Keys">Keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
[GenerateSerializer]
[Alias("kad.ShardUsage")]
public readonly record struct ShardUsage([property: Id(0)] long Keys, [property: Id(1)] long Bytes);

using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Abstractions.Values;

/// <summary>A key and its value.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardPut")]
public readonly record struct ShardPut([property: Id(0)] NodeId Key, [property: Id(1)] StoredValue Value);

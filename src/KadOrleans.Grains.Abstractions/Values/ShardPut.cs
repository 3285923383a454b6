using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Abstractions.Values;

/// <summary>A key and its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value, as it is held or is to be held.</param>
/// <param name="Kind">Of a put: where the value comes from.</param>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardPut")]
public readonly record struct ShardPut([property: Id(0)] NodeId Key, [property: Id(1)] StoredValue Value, [property: Id(2)] PutKind Kind = PutKind.Publication);

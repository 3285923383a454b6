using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>Watched keys, and what the caller knows of them.</summary>
/// <param name="Keys">Keys of earlier requests. At most 1,024 with <paramref name="NewKeys"/>.</param>
/// <param name="NewKeys">Keys that the caller knows nothing of: their values are read in any case.</param>
/// <param name="Known">The points of the last result. A key whose shard is not among them is read too.</param>
[GenerateSerializer]
[Immutable]
[Alias("kad.DhtWatchRequest")]
internal sealed record DhtWatchRequest(
    [property: Id(0)] IReadOnlyList<NodeId> Keys,
    [property: Id(1)] IReadOnlyList<NodeId> NewKeys,
    [property: Id(2)] IReadOnlyList<ShardPoint> Known);

/// <summary>What the shards hold of watched keys.</summary>
/// <param name="Values">The keys that were read.</param>
/// <param name="Known">One point for each shard of the keys. It is the caller's, or version 0, if the shard was not read.</param>
[GenerateSerializer]
[Immutable]
[Alias("kad.DhtWatchResult")]
internal sealed record DhtWatchResult(
    [property: Id(0)] IReadOnlyList<WatchedValue> Values, [property: Id(1)] IReadOnlyList<ShardPoint> Known);

/// <summary>A key as its shard holds it: null if the cluster holds no value.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.WatchedValue")]
internal readonly record struct WatchedValue([property: Id(0)] NodeId Key, [property: Id(1)] DhtValue? Value);

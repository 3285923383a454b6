namespace KadOrleans.Client;

// Watched keys, and what the caller knows of them. Keys: keys of earlier requests. At most 1,024 with the new ones. NewKeys: keys
// that the caller knows nothing of: their values are read in any case. Known: the points of the last result. A key whose shard is
// not among them is read too.
[GenerateSerializer]
[Immutable]
[Alias("kad.DhtWatchRequest")]
internal sealed record DhtWatchRequest(
    [property: Id(0)] IReadOnlyList<NodeId> Keys,
    [property: Id(1)] IReadOnlyList<NodeId> NewKeys,
    [property: Id(2)] IReadOnlyList<ShardPoint> Known);

// What the shards hold of watched keys. Values: the keys that were read. Known: one point for each shard of the keys. It is the
// caller's, or version 0, if the shard was not read. Now: the cluster's time.
[GenerateSerializer]
[Immutable]
[Alias("kad.DhtWatchResult")]
internal sealed record DhtWatchResult(
    [property: Id(0)] IReadOnlyList<WatchedValue> Values, [property: Id(1)] IReadOnlyList<ShardPoint> Known, [property: Id(2)] DateTimeOffset Now);

/// <summary>The value of a key in its shard, and when it ends; null if the cluster holds none.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.WatchedValue")]
internal readonly record struct WatchedValue(
    [property: Id(0)] NodeId Key, [property: Id(1)] DhtValue? Value, [property: Id(2)] DateTimeOffset? ExpiresAt);

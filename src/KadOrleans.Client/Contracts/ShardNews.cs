namespace KadOrleans.Client;

/// <summary>The state of a shard's keys that a caller knows, by its <see cref="ShardNews"/>. The generation is 0 if nothing is known.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardPoint")]
internal readonly record struct ShardPoint(
    [property: Id(0)] long Shard, [property: Id(1)] long Generation, [property: Id(2)] long Version);

// What changed in a shard since a ShardPoint: either its changes, or a filter of its keys. Who has both from the first filter on
// knows which keys the shard does not hold, and which values it knows are still held. Generation: the filter's random number. An
// activation, and each new filter of it, has another. Version: the number of changes since the generation began. Changed: the keys
// that were stored, changed or removed since the caller's version. A key may be there twice. Filter: a KeyFilter of all keys. Null
// if the caller's generation is this one and Changed is complete. Age: how old this is at most: every change before is in it. Silo:
// where the shard is active. Desk: the IShardDesk there. The id has the gateway's address, by which a client
// sends it there itself. Within a silo it needs the address of Silo instead.
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardNews")]
internal sealed record ShardNews(
    [property: Id(0)] long Shard,
    [property: Id(1)] long Generation,
    [property: Id(2)] long Version,
    [property: Id(3)] IReadOnlyList<NodeId> Changed,
    [property: Id(4)] byte[]? Filter,
    [property: Id(5)] TimeSpan Age,
    [property: Id(6)] SiloAddress? Silo = null,
    [property: Id(7)] GrainId? Desk = null)
{
    /// <summary>Whether the changes begin where a state ends, so that nothing between is missing.</summary>
    public bool Continues(long generation, long version) => generation == Generation && version + Changed.Count == Version;
}

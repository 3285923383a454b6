using Orleans.CodeGeneration;
using Orleans.Services;

namespace KadOrleans.Client;

/// <summary>
/// A silo's desk: it takes requests for many shards in one call, so that an edge needs no call for each datagram. Its id has the silo's
/// address (<see cref="ShardNews.Desk"/>), so an edge chooses the silo. Its promises are those of <see cref="IKeyShardGrain"/>. The runtime
/// negotiates no version of a service: a silo that does not know a method refuses the call, and its caller calls the shards.
/// </summary>
[Alias("kad.IShardDesk")]
[Version(0)]
[OpenTo(Callers.Edges)]
internal interface IShardDesk : IGrainService
{
    /// <summary>
    /// Gets these keys, at most 1,024, as <see cref="IKeyShardGrain.GetAsync"/> does. Values in the silo's cache cost no call to their shards.
    /// </summary>
    [Alias("Get")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    /// <summary>
    /// Puts these values, at most 1,024, as <see cref="IKeyShardGrain.PutAsync"/> does. Those of one shard stay in order.
    /// </summary>
    [Alias("Put")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);

    /// <summary>
    /// The changes of these shards, at most 1,024, wherever they are. A silo asks a shard for all its callers, so they may be some 100 ms old.
    /// Shards that do not respond are left out, and so is what would make the response too large: the caller asks for them again, first.
    /// </summary>
    [Alias("GetNews")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync([Immutable] IReadOnlyList<ShardPoint> known);

    /// <summary>The news of shards that another silo takes to be on this one, under the same bounds.</summary>
    [Alias("AskShards")]
    [OpenTo(Callers.Silos)]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<IReadOnlyList<ShardNews>> AskShardsAsync([Immutable] IReadOnlyList<ShardPoint> known);
}

/// <summary>The shards' results for the requests of one call.</summary>
/// <param name="Results">In the order of the requests. Without meaning where there is no response.</param>
/// <param name="Unanswered">The places of requests whose shard failed or was too slow. The shard may still execute them.</param>
/// <param name="Silo">The silo that distributed them, for edges of the release before.</param>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardBatch`1")]
internal sealed record ShardBatch<T>(
    [property: Id(0)] IReadOnlyList<T> Results, [property: Id(1)] IReadOnlyList<int> Unanswered, [property: Id(2)] SiloAddress? Silo = null);

/// <summary>
/// Any silo's <see cref="IShardDesk"/>: for an edge that knows none yet, and for edges of the release before, which call this alone. A
/// stateless worker of every silo. A client reaches one key through one silo, and different keys through different silos.
/// </summary>
[Alias("kad.IShardBatchGrain")]
[Version(1)]
[OpenTo(Callers.Edges)]
internal interface IShardBatchGrain : IGrainWithIntegerKey
{
    /// <inheritdoc cref="IShardDesk.GetAsync"/>
    [Alias("Get")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    /// <inheritdoc cref="IShardDesk.PutAsync"/>
    [Alias("Put")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);

    /// <inheritdoc cref="IShardDesk.GetNewsAsync"/>
    [Alias("GetNews")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync([Immutable] IReadOnlyList<ShardPoint> known);
}

/// <summary>The state of a shard's keys that a caller knows, by its <see cref="ShardNews"/>. The generation is 0 if nothing is known.</summary>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardPoint")]
internal readonly record struct ShardPoint(
    [property: Id(0)] long Shard, [property: Id(1)] long Generation, [property: Id(2)] long Version);

/// <summary>
/// What changed in a shard since a <see cref="ShardPoint"/>: either its changes, or a filter of its keys. Who has both from the first
/// filter on knows which keys the shard does not hold, and which values it knows are still held.
/// </summary>
/// <param name="Shard">The shard.</param>
/// <param name="Generation">The filter's random number. An activation, and each new filter of it, has another.</param>
/// <param name="Version">The number of changes since the generation began.</param>
/// <param name="Changed">The keys that were stored, changed or removed since the caller's version. A key may be there twice.</param>
/// <param name="Filter">
/// A <see cref="KeyFilter"/> of all keys. Null if the caller's generation is this one and <paramref name="Changed"/> is complete.
/// </param>
/// <param name="Age">How old this is at most: every change before is in it.</param>
/// <param name="Silo">Where the shard is active. Null from older silos.</param>
/// <param name="Desk">
/// The <see cref="IShardDesk"/> there. The id has the gateway's address, by which a client sends it there itself. Within a silo it needs the
/// address of <paramref name="Silo"/> instead. Null from older silos.
/// </param>
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

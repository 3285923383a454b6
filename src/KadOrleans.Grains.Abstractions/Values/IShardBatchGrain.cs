using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Access;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions.Values;

/// <summary>
/// Distributes the requests of one call over many shards, so that an edge needs no call for each datagram. Keys:
/// <see cref="GrainKeys.PutDesk"/> and <see cref="GrainKeys.GetDesk"/>. It is a stateless worker of every silo. A client reaches one key
/// through one silo, and different keys through different silos. Its promises are those of <see cref="IKeyShardGrain"/>.
/// </summary>
[Alias("kad.IShardBatchGrain")]
[Version(1)]
[OpenTo(Callers.Edges)]
internal interface IShardBatchGrain : IGrainWithIntegerKey
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
    /// The changes of these shards, at most 1,024. A silo asks a shard for all its callers, so they may be some 100 ms old. Shards that do
    /// not respond are left out, and so is what would make the response too large: the caller asks for them again, first.
    /// </summary>
    [Alias("GetNews")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync([Immutable] IReadOnlyList<ShardPoint> known);
}

/// <summary>The shards' results for the requests of one call.</summary>
/// <param name="Results">In the order of the requests. Without meaning where there is no response.</param>
/// <param name="Unanswered">The places of requests whose shard failed or was too slow. The shard may still execute them.</param>
/// <param name="Silo">The silo that distributed them. Null from older ones.</param>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardBatch`1")]
internal sealed record ShardBatch<T>(
    [property: Id(0)] IReadOnlyList<T> Results, [property: Id(1)] IReadOnlyList<int> Unanswered, [property: Id(2)] SiloAddress? Silo = null);

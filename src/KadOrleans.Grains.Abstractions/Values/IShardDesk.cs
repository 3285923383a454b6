using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Access;
using Orleans.CodeGeneration;
using Orleans.Services;

namespace KadOrleans.Grains.Abstractions.Values;

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

using KadOrleans.Core;
using KadOrleans.Core.Values;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions.Values;

/// <summary>
/// Passes the requests of one call to many shards, so an edge does not make a call for each datagram. Keys:
/// <see cref="GrainKeys.PutDesk"/> and <see cref="GrainKeys.GetDesk"/>. Every silo has its own of each; an edge's client reaches those of a
/// key
/// through one silo, of different keys through different ones. It keeps nothing, and promises what <see cref="IKeyShardGrain"/> does.
/// </summary>
[Alias("kad.IShardBatchGrain")]
[Version(0)]
internal interface IShardBatchGrain : IGrainWithIntegerKey
{
    /// <summary>Asks the shards for these keys, at most 1,024, each as <see cref="IKeyShardGrain.GetAsync"/>.</summary>
    [Alias("Get")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    /// <summary>Puts these values, at most 1,024, those of each shard in their order, as <see cref="IKeyShardGrain.PutAsync"/>.</summary>
    [Alias("Put")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);
}

/// <summary>What shards said to the requests of one call.</summary>
/// <param name="Results">In the order of the requests; without meaning where there is no answer.</param>
/// <param name="Unanswered">
/// The places of requests whose shard failed, or took longer than the others should wait: it may still do what it was asked.
/// </param>
[GenerateSerializer]
[Immutable]
[Alias("kad.ShardBatch`1")]
internal sealed record ShardBatch<T>([property: Id(0)] IReadOnlyList<T> Results, [property: Id(1)] IReadOnlyList<int> Unanswered);

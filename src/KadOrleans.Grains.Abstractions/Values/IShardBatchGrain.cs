using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Abstractions.Values;

/// <summary>
/// Takes to many shards what came in one call: a silo's desk for edges, so that a call is not made for each datagram. Key:
/// <see cref="GrainKeys.Singleton"/>; every silo has its own. It keeps nothing, and promises what <see cref="IKeyShardGrain"/> does.
/// </summary>
[Alias("kad.IShardBatchGrain")]
public interface IShardBatchGrain : IGrainWithIntegerKey
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

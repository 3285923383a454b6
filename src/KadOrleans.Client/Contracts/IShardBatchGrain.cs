using Orleans.CodeGeneration;

namespace KadOrleans.Client;

// Any silo's IShardDesk, for an edge that knows none yet. A stateless
// worker of every silo. A client reaches one key through one silo, and different keys through different silos.
[Alias("kad.IShardBatchGrain")]
[Version(1)]
[OpenTo(Callers.Clients)]
internal interface IShardBatchGrain : IGrainWithIntegerKey
{
    [Alias("Get")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoredValue?>> GetAsync([Immutable] IReadOnlyList<NodeId> keys);

    [Alias("Put")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<ShardBatch<StoreResult>> PutAsync([Immutable] IReadOnlyList<ShardPut> puts);

    [Alias("GetNews")]
    [ResponseTimeout(IKeyShardGrain.CallTimeout)]
    ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync([Immutable] IReadOnlyList<ShardPoint> known);
}

using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Access;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions.Values;

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

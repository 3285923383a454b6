using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Values;

/// <inheritdoc cref="IShardBatchGrain"/>
[Reentrant]
[StatelessWorker(1)]
internal sealed class ShardBatchGrain(ShardDesks desks) : Grain, IShardBatchGrain
{
    public ValueTask<ShardBatch<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys) => desks.Own.GetAsync(keys);

    public ValueTask<ShardBatch<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts) => desks.Own.PutAsync(puts);

    public ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync(IReadOnlyList<ShardPoint> known) => desks.Own.GetNewsAsync(known);
}

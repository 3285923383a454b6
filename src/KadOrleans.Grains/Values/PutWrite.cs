using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>A put that waits for storage.</summary>
internal sealed class PutWrite(WriteCall<StoreResult> call, int index, ShardPut put) : ShardWrite
{
    private StoreResult _decided = StoreResult.Stored;

    // Mostly, one value at most has to go for another.
    public override int Length => ShardEntryCodec.LengthOf(put.Value) + ShardEntryCodec.RemovalLength;

    public override void Decide(ShardPlan plan) => _decided = plan.Put(put);

    public override void Confirm() => call.Set(index, _decided);

    // One that the rules refused has its answer whatever storage does.
    public override void Fail() => call.Set(index, _decided == StoreResult.Stored ? StoreResult.StorageFailed : _decided);
}

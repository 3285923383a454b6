namespace KadOrleans.Shards;

internal sealed class PutWrite(WriteCall<StoreResult> call, int index, Put put) : PendingWrite
{
    private StoreResult _decided = StoreResult.Stored;

    // A put usually evicts one value at most.
    public override int Length => EntryCodec.LengthOf(put.Value) + EntryCodec.RemovalLength;

    public override NodeId? Needs => put.Key;

    public override bool NeedsConfirmation => _decided == StoreResult.Stored;

    public override StoredValue? RefusedChange => _decided == StoreResult.ChangeLimitExceeded ? put.Value : null;

    public override void Decide(KeyShardPlan plan, DateTimeOffset now) => _decided =
        put.FindRefusal(plan.Find(put.Key), now) ?? plan.Put(put.Key, put.Value, put.Terms, out _).Result;

    public override void Succeed() => End(_decided);

    // A put that the rules refused keeps its result.
    public override void Fail() => End(_decided == StoreResult.Stored ? StoreResult.StorageFailed : _decided);

    public override void Reject() => End(StoreResult.Busy);

    public override void FailSealed() => call.TrySetException(new LogSealedException());

    private void End(StoreResult result) => call.Set(index, result);
}

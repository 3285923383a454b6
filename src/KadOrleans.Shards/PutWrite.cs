namespace KadOrleans.Shards;

/// <summary>What became of a put.</summary>
/// <param name="Result">The result.</param>
/// <param name="Version">If it is <see cref="StoreResult.Stored"/>, the version that the key has by it, or by an earlier try of the call.</param>
internal readonly record struct PutOutcome(StoreResult Result, long Version);

internal sealed class PutWrite<T>(WriteCall<T> call, int index, Put put, Func<PutOutcome, T> resultOf) : PendingWrite
{
    private PutOutcome _decided = new(StoreResult.Stored, 0);

    // A put usually evicts one value at most.
    public override int Length => EntryCodec.LengthOf(put.Value) + (2 * StoredValueCodec.FieldLength) + EntryCodec.RemovalLength;

    public override NodeId? Needs => put.Key;

    // A condition that does not hold by memory may hold by storage, where another activation has written.
    public override bool NeedsConfirmation => _decided.Result is StoreResult.Stored or StoreResult.Superseded;

    public override StoredValue? RefusedChange => _decided.Result == StoreResult.ChangeLimitExceeded ? put.Value : null;

    public override void Decide(KeyShardPlan plan, DateTimeOffset now) =>
        _decided = put.FindRefusal(plan.Find(put.Key), now) is { } refusal ? new(refusal, 0) : Put(plan);

    public override void Succeed() => End(_decided);

    // A put that the rules refused keeps its result.
    public override void Fail() => End(NeedsConfirmation ? new(StoreResult.StorageFailed, 0) : _decided);

    public override void Reject() => End(new(StoreResult.Busy, 0));

    public override void FailSealed() => call.TrySetException(new LogSealedException());

    private PutOutcome Put(KeyShardPlan plan)
    {
        var decision = plan.Put(put.Key, put.Value, put.Terms, out _);
        return new(decision.Result, decision.Version);
    }

    private void End(PutOutcome outcome) => call.Set(index, resultOf(outcome));
}

/// <summary>Removes a key's value if that has a version. Its result is that of <see cref="KeyShardPlan.Remove"/>.</summary>
internal sealed class RemovalWrite(WriteCall<PutOutcome> call, int index, NodeId key, long version, PutTerms terms) : PendingWrite
{
    private StoreResult _decided;

    public override int Length => EntryCodec.RemovalLength;

    public override NodeId? Needs => key;

    public override bool NeedsConfirmation => true;

    public override void Decide(KeyShardPlan plan, DateTimeOffset now) => _decided = plan.Remove(key, version, terms, now);

    public override void Succeed() => End(_decided);

    public override void Fail() => End(StoreResult.StorageFailed);

    public override void Reject() => End(StoreResult.Busy);

    public override void FailSealed() => call.TrySetException(new LogSealedException());

    private void End(StoreResult result) => call.Set(index, new(result, 0));
}

namespace KadOrleans.Shards;

internal sealed class KeyWrite(WriteCall<bool> call, int index, WriteKind kind, NodeId key, DateTimeOffset time, int length) : PendingWrite
{
    private bool _decided;

    public override int Length => length;

    public override NodeId? Needs => kind.NeedsValue ? key : null;

    public override bool IsSeal => kind == WriteKind.Seal;

    public override bool NeedsConfirmation => !_decided;

    public override bool NeedsRecord => IsSeal || kind == WriteKind.Claim;

    public override void Decide(KeyShardPlan plan, DateTimeOffset now) => _decided = kind.TryPlan(plan, key, time);

    public override void Succeed() => call.Set(index, _decided);

    public override void Fail() => call.TrySetException(new IOException($"The storage of a key shard failed; {kind.Failure}."));

    public override void FailSealed()
    {
        if (kind == WriteKind.Seal || kind == WriteKind.Reload || kind == WriteKind.Claim)
        {
            // Another activation sealed the log.
            call.Set(index, false);
        }
        else
        {
            call.TrySetException(new LogSealedException());
        }
    }
}

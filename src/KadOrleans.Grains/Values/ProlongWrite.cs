using KadOrleans.Core;

namespace KadOrleans.Grains.Values;

/// <summary>
/// A longer life of a publication, which waits for storage. It names no value: whatever was written before it, the end of
/// the publication among it, stays.
/// </summary>
internal sealed class ProlongWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset expiresAt, int length) : ShardWrite
{
    private bool _decided;

    public override int Length => length;

    public override void Decide(ShardPlan plan) => _decided = plan.Prolong(key, expiresAt);

    public override void Confirm() => call.Set(index, _decided);

    public override void Fail() => call.Fail(new IOException("The storage of a key shard failed; what is published was not given a longer life."));
}

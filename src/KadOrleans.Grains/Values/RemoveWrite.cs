using KadOrleans.Core;

namespace KadOrleans.Grains.Values;

/// <summary>A removal that waits for storage; of an expired value only, if a time is given.</summary>
internal sealed class RemoveWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset? expiredAt) : ShardWrite
{
    private bool _decided;

    public override int Length => ShardEntryCodec.RemovalLength;

    public override void Decide(ShardPlan plan) => _decided = plan.Remove(key, expiredAt);

    public override void Confirm() => call.Set(index, _decided);

    public override void Fail() => call.Fail(new IOException("The storage of a key shard failed; what was to be removed may still be there."));
}

using KadOrleans.Core;

namespace KadOrleans.Grains.Values;

/// <summary>The end of a publication, which waits for storage.</summary>
internal sealed class UnpublishWrite(WriteCall<bool> call, int index, NodeId key, int length) : ShardWrite
{
    private bool _decided;

    public override int Length => length;

    public override void Decide(ShardPlan plan) => _decided = plan.Unpublish(key);

    public override void Confirm() => call.Set(index, _decided);

    public override void Fail() => call.Fail(new IOException("The storage of a key shard failed; what was to be published no more may still be."));
}

using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>One put or removal that waits for storage.</summary>
internal abstract class ShardWrite
{
    /// <summary>What it takes of a log record at most, in bytes.</summary>
    public abstract int Length { get; }

    /// <summary>Decides what becomes of it, again if another activation wrote in between.</summary>
    public abstract void Decide(ShardPlan plan);

    /// <summary>What was decided is in storage, or changes nothing.</summary>
    public abstract void Confirm();

    /// <summary>Storage failed.</summary>
    public abstract void Fail();
}

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

/// <summary>A change of what is held of a key, which waits for storage.</summary>
/// <param name="call">The call that gets the result: whether there was anything to change.</param>
/// <param name="index">Its place in the call.</param>
/// <param name="failure">What the caller is told if storage fails, as a part of a sentence.</param>
internal abstract class KeyWrite(WriteCall<bool> call, int index, string failure) : ShardWrite
{
    private bool _decided;

    public override void Decide(ShardPlan plan) => _decided = Change(plan);

    public override void Confirm() => call.Set(index, _decided);

    public override void Fail() => call.Fail(new IOException($"The storage of a key shard failed; {failure}."));

    /// <summary>Plans the change; false if there is nothing to change.</summary>
    protected abstract bool Change(ShardPlan plan);
}

/// <summary>A removal; of an expired value only, if a time is given.</summary>
internal sealed class RemoveWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset? expiredAt)
    : KeyWrite(call, index, "what was to be removed may still be there")
{
    public override int Length => ShardEntryCodec.RemovalLength;

    protected override bool Change(ShardPlan plan) => plan.Remove(key, expiredAt);
}

/// <summary>
/// A longer life of a publication. It names no value: whatever was written before it, the end of the publication among it, stays.
/// </summary>
internal sealed class ProlongWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset expiresAt, int length)
    : KeyWrite(call, index, "what is published was not given a longer life")
{
    public override int Length => length;

    protected override bool Change(ShardPlan plan) => plan.Prolong(key, expiresAt);
}

/// <summary>The end of a publication.</summary>
internal sealed class UnpublishWrite(WriteCall<bool> call, int index, NodeId key, int length)
    : KeyWrite(call, index, "what was to be published no more may still be")
{
    public override int Length => length;

    protected override bool Change(ShardPlan plan) => plan.Unpublish(key);
}

/// <summary>A call whose writes may end in several group commits.</summary>
internal sealed class WriteCall<TResult>
{
    // The caller goes on where the last of its writes is confirmed: both are turns of one grain.
    private readonly TaskCompletionSource<IReadOnlyList<TResult>> _done = new();
    private readonly TResult[] _results;
    private int _left;

    public WriteCall(int count)
    {
        _results = new TResult[count];
        _left = count;
        CompleteIfDone();
    }

    /// <summary>All results, in the order of the call's writes.</summary>
    public Task<IReadOnlyList<TResult>> Completion => _done.Task;

    public void Set(int index, TResult result)
    {
        _results[index] = result;
        _left--;
        CompleteIfDone();
    }

    public void Fail(Exception exception) => _done.TrySetException(exception);

    private void CompleteIfDone()
    {
        if (_left == 0)
        {
            _done.TrySetResult(_results);
        }
    }
}

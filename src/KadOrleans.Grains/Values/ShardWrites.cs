using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>A pending write of a shard.</summary>
internal abstract class ShardWrite
{
    /// <summary>The most bytes that it needs in a log record.</summary>
    public abstract int Length { get; }

    /// <summary>Decides the write's outcome. Called again if another activation wrote first.</summary>
    public abstract void Decide(ShardPlan plan);

    /// <summary>Confirms the write: the decision is in storage, or changes nothing.</summary>
    public abstract void Confirm();

    /// <summary>Fails the write, as storage failed.</summary>
    public abstract void Fail();
}

/// <summary>A pending put.</summary>
internal sealed class PutWrite(WriteCall<StoreResult> call, int index, ShardPut put) : ShardWrite
{
    private StoreResult _decided = StoreResult.Stored;

    // A put usually evicts one value at most.
    public override int Length => ShardEntryCodec.LengthOf(put.Value) + ShardEntryCodec.RemovalLength;

    public override void Decide(ShardPlan plan) => _decided = plan.Put(put);

    public override void Confirm() => call.Set(index, _decided);

    // A put that the rules refused keeps its result.
    public override void Fail() => call.Set(index, _decided == StoreResult.Stored ? StoreResult.StorageFailed : _decided);
}

/// <summary>A pending change of a held value.</summary>
/// <param name="call">The call that gets the result: whether there was anything to change.</param>
/// <param name="index">Its place in the call.</param>
/// <param name="failure">The second half of the error message if storage fails.</param>
internal abstract class KeyWrite(WriteCall<bool> call, int index, string failure) : ShardWrite
{
    private bool _decided;

    public override void Decide(ShardPlan plan) => _decided = Change(plan);

    public override void Confirm() => call.Set(index, _decided);

    public override void Fail() => call.Fail(new IOException($"The storage of a key shard failed; {failure}."));

    /// <summary>Plans the change. Returns false if there is nothing to change.</summary>
    protected abstract bool Change(ShardPlan plan);
}

/// <summary>A pending removal. With a time it removes only a value expired by then.</summary>
internal sealed class RemoveWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset? expiredAt)
    : KeyWrite(call, index, "the values may still be there")
{
    public override int Length => ShardEntryCodec.RemovalLength;

    protected override bool Change(ShardPlan plan) => plan.Remove(key, expiredAt);
}

/// <summary>A pending prolongation of a publication. It has no value, so earlier writes stay, also the end of the publication.</summary>
internal sealed class ProlongWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset expiresAt, int length)
    : KeyWrite(call, index, "the publications may not be prolonged")
{
    public override int Length => length;

    protected override bool Change(ShardPlan plan) => plan.Prolong(key, expiresAt);
}

/// <summary>A pending end of a publication.</summary>
internal sealed class UnpublishWrite(WriteCall<bool> call, int index, NodeId key, int length)
    : KeyWrite(call, index, "the key may still be published")
{
    public override int Length => length;

    protected override bool Change(ShardPlan plan) => plan.Unpublish(key);
}

/// <summary>A call whose writes may go into several group commits.</summary>
internal sealed class WriteCall<TResult>
{
    // Continues the caller synchronously after its last write: both are turns of one grain.
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

using KadOrleans.Core;
using KadOrleans.Core.Clocks;
using KadOrleans.Core.Values;

namespace KadOrleans.Shards;

/// <summary>A pending write of a shard.</summary>
internal abstract class PendingWrite
{
    /// <summary>The most bytes that it needs in a log record.</summary>
    public abstract int Length { get; }

    /// <summary>Whether the result is valid only if memory equals storage.</summary>
    public virtual bool NeedsConfirmation => false;

    /// <summary>The value refused because its source had changed too many values of others. Null if there is none.</summary>
    public virtual StoredValue? RefusedChange => null;

    /// <summary>The key whose held value the decision looks at; null if the index is enough.</summary>
    public virtual NodeId? Needs => null;

    /// <summary>
    /// Decides the write's outcome after the changes planned so far, and plans it. Called again if another activation wrote first.
    /// </summary>
    public abstract void Decide(KeyShardPlan plan, DateTimeOffset now);

    /// <summary>Confirms the write: the decision is in storage, or changes nothing.</summary>
    public abstract void Confirm();

    /// <summary>Fails the write, as storage failed.</summary>
    public abstract void Fail();

    /// <summary>Fails the write, as too many wait.</summary>
    public virtual void Reject() => Fail();

    /// <summary>Fails the write with <see cref="LogSealedException"/>: the shard is being split, and its halves decide.</summary>
    public abstract void PassOn();
}

/// <summary>A value to be put.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value, with its times and source.</param>
/// <param name="Kind">The value's origin.</param>
/// <param name="TellsWhy">
/// Whether the caller knows <see cref="StoreResult.Busy"/>, <see cref="StoreResult.Late"/> and <see cref="StoreResult.Overtaken"/>.
/// Others are told <see cref="StoreResult.StorageFailed"/>.
/// </param>
internal readonly record struct Put(NodeId Key, StoredValue Value, PutKind Kind = PutKind.Publication, bool TellsWhy = false)
{
    /// <summary>The result as its caller knows it.</summary>
    public StoreResult Tell(StoreResult result) => TellsWhy || !result.IsUndecided() ? result : StoreResult.StorageFailed;
}

/// <summary>A pending put.</summary>
internal sealed class PutWrite(WriteCall<StoreResult> call, int index, Put put) : PendingWrite
{
    private StoreResult _decided = StoreResult.Stored;

    // A put usually evicts one value at most.
    public override int Length => EntryCodec.LengthOf(put.Value) + EntryCodec.RemovalLength;

    public override NodeId? Needs => put.Key;

    public override bool NeedsConfirmation => _decided == StoreResult.Stored;

    public override StoredValue? RefusedChange => _decided == StoreResult.ChangeLimitExceeded ? put.Value : null;

    public override void Decide(KeyShardPlan plan, DateTimeOffset now) => _decided =
        PutFence.FindRefusal(put, plan.Find(put.Key), now) ?? plan.Put(put.Key, put.Value, put.Kind, out _).Result;

    public override void Confirm() => End(_decided);

    // A put that the rules refused keeps its result.
    public override void Fail() => End(_decided == StoreResult.Stored ? StoreResult.StorageFailed : _decided);

    public override void Reject() => End(StoreResult.Busy);

    public override void PassOn() => call.Fail(new LogSealedException());

    private void End(StoreResult result) => call.Set(index, put.Tell(result));
}

/// <summary>
/// Decides which puts are too old. A put may stay for long in the buffers of a frozen process, and may reach a shard by two routes. So its
/// age is counted from <see cref="StoredValue.StoredAt"/>, the time of its receipt.
/// </summary>
internal static class PutFence
{
    /// <summary>The age at which a put's sender has certainly timed out. The edge waits 4 s, and clocks may differ.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(4) + ClockComparison.Bound;

    /// <summary>
    /// The put with a time that is not in the future. Otherwise a clock that is ahead would keep later puts out. If the cluster's time moved
    /// ahead a moment ago, a stamp may be of the time before. One that is older by as much moves as far.
    /// </summary>
    /// <param name="put">The put.</param>
    /// <param name="now">The present time of the cluster.</param>
    /// <param name="step">By how much it moved ahead a moment ago.</param>
    public static Put Admit(Put put, DateTimeOffset now, TimeSpan step)
    {
        var storedAt = put.Value.StoredAt;
        var moved = now - storedAt > MaxAge && storedAt + step - now <= ClockComparison.Bound ? storedAt + step : storedAt;
        moved = moved < now ? moved : now;
        return put.Kind == PutKind.Import || moved == storedAt ? put : put with { Value = put.Value with { StoredAt = moved } };
    }

    /// <summary>
    /// Why a put must be refused: the shard holds another value that was received later, or the put is too old. Null if it may be decided.
    /// The same value again is allowed. Imports have a rule of their own (<see cref="StoreDecision"/>).
    /// </summary>
    /// <param name="put">The put.</param>
    /// <param name="held">The held value of its key, or null.</param>
    /// <param name="now">The present time of the cluster.</param>
    public static StoreResult? FindRefusal(Put put, StoredValue? held, DateTimeOffset now)
    {
        if (put.Kind == PutKind.Import)
        {
            return null;
        }

        // A held value from the future has the time of a wrong clock, which proves nothing.
        var isOvertaken = held is not null && held.StoredAt > put.Value.StoredAt && held.StoredAt <= now && held.Value != put.Value.Value;
        return isOvertaken ? StoreResult.Overtaken : now - put.Value.StoredAt > MaxAge ? StoreResult.Late : null;
    }
}

/// <summary>A pending change of a held key.</summary>
/// <param name="call">The call that gets the result: whether there was anything to change.</param>
/// <param name="index">Its index in the call.</param>
/// <param name="failure">The second half of the error message if storage fails.</param>
internal abstract class KeyWrite(WriteCall<bool> call, int index, string failure) : PendingWrite
{
    private bool _decided;

    public override void Decide(KeyShardPlan plan, DateTimeOffset now) => _decided = TryPlan(plan);

    public override void Confirm() => call.Set(index, _decided);

    public override void Fail() => call.Fail(new IOException($"The storage of a key shard failed; {failure}."));

    public override void PassOn() => call.Fail(new LogSealedException());

    /// <summary>Plans the change, if there is anything to change.</summary>
    protected abstract bool TryPlan(KeyShardPlan plan);
}

/// <summary>A pending removal. With a time it removes only a value expired by then.</summary>
internal sealed class RemoveWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset? expiredAt)
    : KeyWrite(call, index, "the values may still be there")
{
    public override int Length => EntryCodec.RemovalLength;

    protected override bool TryPlan(KeyShardPlan plan)
    {
        if (plan.FindEnd(key) is not { } end || (expiredAt is { } moment && moment < end))
        {
            return false;
        }

        plan.Set(key, null);
        return true;
    }
}

/// <summary>A pending change of a publication of the cluster.</summary>
internal abstract class PublicationWrite(WriteCall<bool> call, int index, NodeId key, int length, string failure)
    : KeyWrite(call, index, failure)
{
    public override int Length => length;

    public override NodeId? Needs => key;

    protected override bool TryPlan(KeyShardPlan plan)
    {
        if (plan.Find(key) is not { PublishedAt: not null } held || Change(held) is not { } changed)
        {
            return false;
        }

        plan.Set(key, changed);
        return true;
    }

    /// <summary>The value to hold instead; null if it stays.</summary>
    protected abstract StoredValue? Change(StoredValue held);
}

/// <summary>A pending prolongation of a publication. It has no value, so earlier writes stay, also the end of the publication.</summary>
internal sealed class ProlongWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset expiresAt, int length)
    : PublicationWrite(call, index, key, length, "the publications may not be prolonged")
{
    protected override StoredValue? Change(StoredValue held) => held.ExpiresAt < expiresAt ? held with { ExpiresAt = expiresAt } : null;
}

/// <summary>A pending end of a publication.</summary>
internal sealed class UnpublishWrite(WriteCall<bool> call, int index, NodeId key, int length)
    : PublicationWrite(call, index, key, length, "the key may still be published")
{
    protected override StoredValue? Change(StoredValue held) => held with { PublishedAt = null };
}

/// <summary>A pending end of the wait for the network. A value that was set or unpublished since then has another mark, or none.</summary>
internal sealed class ConfirmWrite(WriteCall<bool> call, int index, NodeId key, DateTimeOffset mark, int length)
    : PublicationWrite(call, index, key, length, "the value will be published once more")
{
    protected override StoredValue? Change(StoredValue held) =>
        held.PublishedAt == mark ? held with { PublishedAt = PendingPublication.TimeOf(mark) } : null;
}

/// <summary>Changes nothing: it waits until what is in doubt was read.</summary>
internal sealed class ReloadWrite(WriteCall<bool> call) : KeyWrite(call, 0, "it could not be read again")
{
    public override int Length => 0;

    public override void PassOn() => Confirm();

    protected override bool TryPlan(KeyShardPlan plan) => true;
}

/// <summary>Ends the log. Writes before it are decided before it. Its result is whether this activation wrote it.</summary>
internal sealed class SealWrite(WriteCall<bool> call) : KeyWrite(call, 0, "it is not split")
{
    private readonly WriteCall<bool> _call = call;

    public override int Length => 0;

    // Another activation was first.
    public override void PassOn() => _call.Set(0, false);

    protected override bool TryPlan(KeyShardPlan plan) => true;
}

/// <summary>The shard is being split, and takes no writes any more.</summary>
internal sealed class LogSealedException() : Exception("The shard is being split.");

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

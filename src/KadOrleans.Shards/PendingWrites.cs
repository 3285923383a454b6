namespace KadOrleans.Shards;

internal abstract class PendingWrite
{
    /// <summary>The most bytes that it needs in a log record.</summary>
    public abstract int Length { get; }

    /// <summary>Whether the result is valid only if memory equals storage.</summary>
    public virtual bool NeedsConfirmation => false;

    /// <summary>The value refused because its source had changed too many values of others.</summary>
    public virtual StoredValue? RefusedChange => null;

    /// <summary>The key whose held value the decision looks at; null if the index is enough.</summary>
    public virtual NodeId? Needs => null;

    /// <summary>Whether it ends the log. Then its record has no changes.</summary>
    public virtual bool IsSeal => false;

    /// <summary>
    /// Decides the write's outcome after the changes planned so far, and plans it. Called again if another activation wrote first.
    /// </summary>
    public abstract void Decide(KeyShardPlan plan, DateTimeOffset now);

    /// <summary>Completes the write: the decision is in storage, or changes nothing.</summary>
    public abstract void Succeed();

    public abstract void Fail();

    /// <summary>Fails the write, as too many wait.</summary>
    public virtual void Reject() => Fail();

    /// <summary>Fails the write with <see cref="LogSealedException"/>: the shard is being split, and its halves decide.</summary>
    public abstract void PassOn();
}

/// <summary>
/// A value to be put: a call's item without Orleans. <c>TellsWhy</c> is set if the caller knows <see cref="StoreResult.Busy"/>,
/// <see cref="StoreResult.Late"/> and <see cref="StoreResult.Overtaken"/>. Others are told <see cref="StoreResult.StorageFailed"/>.
/// </summary>
internal readonly record struct Put(NodeId Key, StoredValue Value, PutKind Kind = PutKind.Publication, bool TellsWhy = false)
{
    // A put may stay for long in the buffers of a frozen process, and may reach a shard by two routes. So its age is counted from
    // StoredValue.StoredAt, the time of its receipt.

    /// <summary>The age at which a put's sender has certainly timed out. The edge waits 4 s, and clocks may differ.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(4) + ClockComparison.Bound;

    /// <summary>
    /// The put with a time that is not in the future. Otherwise a clock that is ahead would keep later puts out. If the cluster's time moved
    /// ahead by a step a moment ago, a stamp may be of the time before. One that is older by as much moves as far.
    /// </summary>
    public Put Admit(DateTimeOffset now, TimeSpan step)
    {
        var storedAt = Value.StoredAt;
        var moved = now - storedAt > MaxAge && storedAt + step - now <= ClockComparison.Bound ? storedAt + step : storedAt;
        moved = moved < now ? moved : now;
        return Kind == PutKind.Import || moved == storedAt ? this : this with { Value = Value with { StoredAt = moved } };
    }

    /// <summary>
    /// Why a put must be refused: the shard holds another value that was received later, or the put is too old. Null if it may be decided.
    /// The same value again is allowed. Imports have a rule of their own (<see cref="StoreDecision"/>).
    /// </summary>
    public StoreResult? FindRefusal(StoredValue? held, DateTimeOffset now)
    {
        if (Kind == PutKind.Import)
        {
            return null;
        }

        // A held value from the future has the time of a wrong clock, which proves nothing.
        var isOvertaken = held is not null && held.StoredAt > Value.StoredAt && held.StoredAt <= now && held.Value != Value.Value;
        return isOvertaken ? StoreResult.Overtaken : now - Value.StoredAt > MaxAge ? StoreResult.Late : null;
    }
}

internal sealed class PutWrite(WriteCall<StoreResult> call, int index, Put put) : PendingWrite
{
    private StoreResult _decided = StoreResult.Stored;

    // A put usually evicts one value at most.
    public override int Length => EntryCodec.LengthOf(put.Value) + EntryCodec.RemovalLength;

    public override NodeId? Needs => put.Key;

    public override bool NeedsConfirmation => _decided == StoreResult.Stored;

    public override StoredValue? RefusedChange => _decided == StoreResult.ChangeLimitExceeded ? put.Value : null;

    public override void Decide(KeyShardPlan plan, DateTimeOffset now) => _decided =
        put.FindRefusal(plan.Find(put.Key), now) ?? plan.Put(put.Key, put.Value, put.Kind, out _).Result;

    public override void Succeed() => End(_decided);

    // A put that the rules refused keeps its result.
    public override void Fail() => End(_decided == StoreResult.Stored ? StoreResult.StorageFailed : _decided);

    public override void Reject() => End(StoreResult.Busy);

    public override void PassOn() => call.TrySetException(new LogSealedException());

    private void End(StoreResult result) =>
        call.Set(index, put.TellsWhy || !result.IsUndecided() ? result : StoreResult.StorageFailed);
}

/// <summary>A kind of write other than a put.</summary>
/// <param name="Failure">The second half of the error message if storage fails.</param>
/// <param name="TryPlan">Plans the change of a key by a time. Returns false if there is nothing to change.</param>
/// <param name="NeedsValue">Whether it looks at the held value; else the index is enough.</param>
internal sealed record WriteKind(string Failure, Func<KeyShardPlan, NodeId, DateTimeOffset, bool> TryPlan, bool NeedsValue = false)
{
    /// <summary>Removes a value that has expired by a time; <see cref="DateTimeOffset.MaxValue"/> removes any.</summary>
    public static readonly WriteKind Remove = new("the values may still be there", static (plan, key, time) =>
    {
        var isDue = plan.FindEnd(key) <= time;
        if (isDue)
        {
            plan.Set(key, null);
        }

        return isDue;
    });

    /// <summary>Lets a publication live until a time. It has no value, so earlier writes stay, also the end of the publication.</summary>
    public static readonly WriteKind Prolong = OfPublication(
        "the publications may not be prolonged", static (held, end) => held.ExpiresAt < end ? held with { ExpiresAt = end } : null);

    public static readonly WriteKind Unpublish = OfPublication(
        "the key may still be published", static (held, _) => held with { PublishedAt = null });

    /// <summary>The network has a publication. A value that was set or unpublished since then has another mark, or none.</summary>
    public static readonly WriteKind Published = OfPublication(
        "the value will be published once more",
        static (held, mark) => held.PublishedAt == mark ? held with { PublishedAt = held.LastPublished } : null);

    /// <summary>Changes nothing: it waits until what is in doubt was read.</summary>
    public static readonly WriteKind Reload = new("it could not be read again", static (_, _, _) => true);

    /// <summary>Ends the log. Writes before it are decided before it. Its result is whether this activation wrote it.</summary>
    public static readonly WriteKind Seal = new("it is not split", static (_, _, _) => true);

    // Null: it stays as it is.
    private static WriteKind OfPublication(string failure, Func<StoredValue, DateTimeOffset, StoredValue?> change) => new(
        failure,
        (plan, key, time) =>
        {
            var changed = plan.Find(key) is { PublishedAt: not null } held ? change(held, time) : null;
            if (changed is not null)
            {
                plan.Set(key, changed);
            }

            return changed is not null;
        },
        NeedsValue: true);
}

internal sealed class KeyWrite(WriteCall<bool> call, int index, WriteKind kind, NodeId key, DateTimeOffset time, int length) : PendingWrite
{
    private bool _decided;

    public override int Length => length;

    public override NodeId? Needs => kind.NeedsValue ? key : null;

    public override bool IsSeal => kind == WriteKind.Seal;

    public override void Decide(KeyShardPlan plan, DateTimeOffset now) => _decided = kind.TryPlan(plan, key, time);

    public override void Succeed() => call.Set(index, _decided);

    public override void Fail() => call.TrySetException(new IOException($"The storage of a key shard failed; {kind.Failure}."));

    public override void PassOn()
    {
        if (kind == WriteKind.Seal || kind == WriteKind.Reload)
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

/// <summary>The shard is being split, and takes no writes any more.</summary>
internal sealed class LogSealedException() : Exception("The shard is being split.");

/// <summary>
/// A call whose writes may go into several group commits. It continues the caller synchronously after its last write: both are turns of one
/// grain.
/// </summary>
internal sealed class WriteCall<TResult> : TaskCompletionSource<IReadOnlyList<TResult>>
{
    private readonly TResult[] _results;
    private int _left;

    public WriteCall(int count)
    {
        _results = new TResult[count];
        _left = count;
        CompleteIfDone();
    }

    public void Set(int index, TResult result)
    {
        _results[index] = result;
        _left--;
        CompleteIfDone();
    }

    private void CompleteIfDone()
    {
        if (_left == 0)
        {
            TrySetResult(_results);
        }
    }
}

using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

// Group commit: writes that arrive while one record is written go into the next. Not safe for several threads. It differs from the group
// commit of a SQLite file, which has a thread and decides a batch once. A grain awaits shared storage, and decides the same writes again
// after another activation's record.
internal sealed class BatchWriter(RecordLog log, PageReader reader, TimeProvider time, ILogger logger)
{
    // The most writes in one record; a put may add evictions. With MaxRecordBytes it makes a size that all storage providers handle well.
    private const int MaxBatchWrites = 4096;

    /// <summary>The most bytes of changes in one record. Storage providers with smaller records are refused.</summary>
    internal const int MaxRecordBytes = 512 << 10;

    /// <summary>The most waiting writes; further ones fail at once. It bounds memory while storage hangs.</summary>
    internal const int MaxWaiting = 16_384;

    /// <summary>The conflicts in a row after which writes fail. So many mean that another activation writes too.</summary>
    private const int MaxDecisions = 8;

    private static readonly TimeSpan ChangeWarningPeriod = TimeSpan.FromHours(1);

    private DateTimeOffset _nextChangeWarning;
    private readonly Queue<PendingWrite> _waiting = [];
    private Task _run = Task.CompletedTask;

    public void Enqueue(PendingWrite write)
    {
        if (_waiting.Count >= MaxWaiting)
        {
            write.Reject();
            return;
        }

        _waiting.Enqueue(write);
        if (_run.IsCompleted)
        {
            _run = RunAsync();
        }
    }

    /// <summary>Ends the log after the writes that wait. Returns whether this activation did.</summary>
    public async Task<bool> SealAsync() => (await WriteAsync(WriteKind.Seal))[0];

    /// <summary>Reads the shard again, once the writes before are done: another activation has replaced a page.</summary>
    public Task ReloadAsync()
    {
        log.RequireReload();
        return WriteAsync(WriteKind.Reload);
    }

    private Task<IReadOnlyList<bool>> WriteAsync(WriteKind kind)
    {
        var call = new WriteCall<bool>(1);
        Enqueue(new KeyWrite(call, 0, kind, default, default, length: 0));
        return call.Task;
    }

    private async Task RunAsync()
    {
        // Lets calls that arrived at the same moment join.
        await Task.Yield();
        while (_waiting.Count > 0)
        {
            if (log.MustCompact)
            {
                await log.BeginCompactionAsync();
            }

            await CommitAsync(TakeNext());
            if (_waiting.Count == 0 && log.ShouldCompact)
            {
                await log.BeginCompactionAsync();
            }
        }
    }

    /// <summary>Completes when all writes are confirmed or have failed and no compaction runs.</summary>
    public async Task EndAsync()
    {
        await _run;
        await log.Compacting;
    }

    private List<PendingWrite> TakeNext()
    {
        var taken = new List<PendingWrite>();
        var bytes = 0;
        while (taken.Count < MaxBatchWrites && _waiting.TryPeek(out var next)
            && (taken.Count == 0 || (bytes + next.Length <= MaxRecordBytes && !next.IsSeal && !taken[0].IsSeal)))
        {
            bytes += next.Length;
            taken.Add(_waiting.Dequeue());
        }

        return taken;
    }

    private async Task CommitAsync(List<PendingWrite> writes)
    {
        try
        {
            for (var i = 0; i < MaxDecisions; i++)
            {
                await log.ResolveDoubtAsync();
                if (log.IsSealed)
                {
                    writes.ForEach(write => write.FailSealed());
                    return;
                }

                var result = await TryCommitAsync(writes);
                if (result == CommitResult.Done)
                {
                    writes.ForEach(write => write.Succeed());
                    return;
                }

                if (result == CommitResult.Failed)
                {
                    break;
                }
            }
        }
        catch (Exception e)
        {
            logger.ShardReadFailed(log.Name, e);
        }

        writes.ForEach(write => write.Fail());
    }

    private async Task<CommitResult> TryCommitAsync(List<PendingWrite> writes)
    {
        await PinAsync(writes);
        if (log.IsSealed)
        {
            return CommitResult.Conflict;
        }

        var image = log.Image;
        var plan = new KeyShardPlan(log.Shard);
        try
        {
            var now = time.GetUtcNow();
            writes.ForEach(write => write.Decide(plan, now));
            var result = plan.NeedsWrite || writes[0].IsSeal ? await log.AppendAsync(plan, writes[0].IsSeal)
                : writes.Exists(write => write.NeedsConfirmation) ? await log.CheckCurrentAsync()
                : CommitResult.Done;
            if (result == CommitResult.Done)
            {
                plan.Apply();
                log.Shard.AddTurnover(plan.Turnover);
                ShardMetrics.Noted(plan.Turnover);
                Warn(writes.FindLast(write => write.RefusedChange is not null)?.RefusedChange);
            }

            return result;
        }
        finally
        {
            plan.Abandon();
            image.Unpin();
        }
    }

    /// <summary>Brings the values into memory that the decisions need. Only a reload changes what they are.</summary>
    private async ValueTask PinAsync(List<PendingWrite> writes)
    {
        StorageImage image;
        do
        {
            image = log.Image;
            var missing = new HashSet<NodeId>();
            foreach (var key in writes.Where(write => write.Needs is not null).Select(write => write.Needs!.Value))
            {
                if (!image.TryFind(key, out var value))
                {
                    missing.Add(key);
                }
                else if (value is not null)
                {
                    image.Pin(key, value);
                }
            }

            if (missing.Count > 0)
            {
                NodeId[] keys = [.. missing];
                var values = await reader.ReadAsync(keys, keeps: true, ReloadNowAsync);
                foreach (var (key, value) in keys.Zip(values))
                {
                    image.Pin(key, value!);
                }
            }
        }
        while (log.Image != image);

        Task ReloadNowAsync()
        {
            log.RequireReload();
            return log.ResolveDoubtAsync();
        }
    }

    private void Warn(StoredValue? refusedChange)
    {
        if (refusedChange is { } refused && refused.StoredAt >= _nextChangeWarning)
        {
            _nextChangeWarning = refused.StoredAt + ChangeWarningPeriod;
            var changes = log.Shard.Accounts.Changes.Top(int.MaxValue).FirstOrDefault(entry => entry.Source == refused.Source);
            logger.ChangesRefused(refused.Source.ToAccountText(), log.Name, changes.Changed);
        }
    }
}

internal enum CommitResult
{
    /// <summary>The record is in storage, and its changes are in memory.</summary>
    Done,

    /// <summary>Another activation wrote a record first. Decide again on the new values.</summary>
    Conflict,

    /// <summary>Storage failed. No write is acknowledged; one may arrive there late, and the next append finds it.</summary>
    Failed,
}

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

    public virtual bool IsSeal => false;

    // Decides the write's outcome after the changes planned so far, and plans it. Called again if another activation wrote first.
    public abstract void Decide(KeyShardPlan plan, DateTimeOffset now);

    public abstract void Succeed();

    public abstract void Fail();

    /// <summary>Fails the write, as too many wait.</summary>
    public virtual void Reject() => Fail();

    /// <summary>Fails the write with <see cref="LogSealedException"/>: the shard is being split, and its halves decide.</summary>
    public abstract void FailSealed();
}

/// <summary>A value to be put: a call's item without Orleans.</summary>
internal readonly record struct Put(NodeId Key, StoredValue Value, PutTerms Terms = default)
{
    // A put may stay for long in the buffers of a paused process, and may reach a shard by two routes. So its age is counted from
    // StoredValue.StoredAt, the time of its receipt.

    /// <summary>The age at which a put's sender has certainly timed out: an edge.</summary>
    public static readonly TimeSpan MaxAge = MovedTimes.OldestPut;

    // The put with a time that is not in the future. Otherwise a clock that is ahead would keep later puts out. If the cluster's
    // time moved ahead by a step a moment ago, a stamp may be of the time before. The step is added to such a stamp.
    public Put Admit(DateTimeOffset now, TimeSpan step)
    {
        var storedAt = Value.StoredAt;
        var isOfBefore = Terms.Kind != PutKind.Import && now - storedAt > MaxAge && storedAt + step - now <= ClockComparison.Bound;
        var admitted = (isOfBefore ? Value with { StoredAt = storedAt + step } : Value).StoredBy(now);
        return ReferenceEquals(admitted, Value) ? this : this with { Value = admitted };
    }

    // Why a put must be refused: the shard holds another value that was received later, or the put is too old. Null if it may be
    // decided. The same value again is allowed. Imports have a rule of their own (StoreDecision), and of items the owner's number decides.
    public StoreResult? FindRefusal(StoredValue? held, DateTimeOffset now)
    {
        if (Terms.Kind == PutKind.Import)
        {
            return null;
        }

        // A held value from the future has the time of a wrong clock, which proves nothing.
        var isOvertaken = held is not null
            && Terms.Item is null
            && held.StoredAt > Value.StoredAt && held.StoredAt <= now && held.Value != Value.Value;
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
        put.FindRefusal(plan.Find(put.Key), now) ?? plan.Put(put.Key, put.Value, put.Terms, out _).Result;

    public override void Succeed() => End(_decided);

    // A put that the rules refused keeps its result.
    public override void Fail() => End(_decided == StoreResult.Stored ? StoreResult.StorageFailed : _decided);

    public override void Reject() => End(StoreResult.Busy);

    public override void FailSealed() => call.TrySetException(new LogSealedException());

    private void End(StoreResult result) => call.Set(index, result);
}

// A kind of write other than a put. Failure: the second half of the error message if storage fails. TryPlan: plans the change of
// a key by a time. Returns false if there is nothing to change. NeedsValue: whether it looks at the held value; else the index is
// enough.
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

    /// <summary>Prolongs a publication to a time. It carries no value, so it undoes no earlier write, nor an unpublish.</summary>
    public static readonly WriteKind Prolong = OfPublication(
        "the publications may not be prolonged",
        static (held, end) => held.ExpiresAt < end && !held.IsKept ? held with { ExpiresAt = end } : null);

    /// <summary>The network has a publication. A value that was set or unpublished since then has another mark, or none.</summary>
    public static readonly WriteKind Published = OfPublication(
        "the value will be published once more",
        static (held, mark) => held.PublishedAt == mark ? held with { PublishedAt = held.LastPublished } : null);

    /// <summary>Changes nothing. It completes once the parts of storage in doubt are read.</summary>
    public static readonly WriteKind Reload = new("it could not be read again", static (_, _, _) => true);

    /// <summary>Ends the log. Writes before it are decided before it. Its result is whether this activation wrote it.</summary>
    public static readonly WriteKind Seal = new("it is not split", static (_, _, _) => true);

    /// <summary>Ends a publication, and the keeping of an item for its owner.</summary>
    public static WriteKind Unpublish(TimeSpan timeToLive) => OfHeld("the key may still be published, or kept", (held, _) =>
        held is { PublishedAt: null, IsKept: false } ? null : (held.IsKept ? held.Release(timeToLive) : held) with { PublishedAt = null });

    /// <summary>Ends the keeping of an item whose time is over by a time.</summary>
    public static WriteKind Release(TimeSpan timeToLive) => OfHeld(
        "the items may still be kept", (held, now) => held.IsKept && held.ExpiresAt <= now ? held.Release(timeToLive) : null);

    private static WriteKind OfPublication(string failure, Func<StoredValue, DateTimeOffset, StoredValue?> change) =>
        OfHeld(failure, (held, time) => held.PublishedAt is null ? null : change(held, time));

    // Null: it stays as it is.
    private static WriteKind OfHeld(string failure, Func<StoredValue, DateTimeOffset, StoredValue?> change) => new(
        failure,
        (plan, key, time) =>
        {
            var changed = plan.Find(key) is { } held ? change(held, time) : null;
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

    public override void FailSealed()
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

internal sealed class LogSealedException() : Exception("The shard is being split.");

// A call whose writes may go into several group commits. It continues the caller synchronously after its last write: both are
// turns of one grain.
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

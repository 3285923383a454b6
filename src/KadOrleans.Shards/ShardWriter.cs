using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

// Group commit: writes that arrive while one record is written go into the next. Not safe for several threads. It differs from the group
// commit of a SQLite file, which has a thread and decides a batch once. A grain awaits shared storage, and decides the same writes again
// after another activation's record.
internal sealed class ShardWriter(RecordLog log, PageReader reader, TimeProvider time, ILogger logger)
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

    /// <summary>Raised after a batch if another activation has taken the log by then.</summary>
    public event Action? Superseded;

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

    /// <summary>Makes this activation the log's owner, unless another one has sealed it.</summary>
    /// <exception cref="IOException">Storage failed, or another activation owns it by now.</exception>
    public Task ClaimAsync() => WriteAsync(WriteKind.Claim);

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

            if (log.IsSuperseded)
            {
                Superseded?.Invoke();
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

                if (log.IsSuperseded)
                {
                    break;
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
            var result = plan.NeedsWrite || writes.Exists(write => write.NeedsRecord) ? await log.AppendAsync(plan, writes[0].IsSeal)
                : writes.Exists(write => write.NeedsConfirmation) ? await log.CheckCurrentAsync()
                : CommitResult.Done;
            if (result == CommitResult.Done)
            {
                plan.Apply();
                log.Shard.AddTurnover(plan.Turnover);
                ShardMetrics.Record(plan.Turnover);
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

internal sealed class LogSealedException() : Exception("The shard is being split.");

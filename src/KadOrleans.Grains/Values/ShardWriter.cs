using KadOrleans.Core.Values;
using KadOrleans.Grains.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Group commit: what gathers while one record is written goes into the next. Runs where it is called, which must be one
/// thread at a time.
/// </summary>
internal sealed class ShardWriter(ShardLog log, TimeProvider time, ILogger logger)
{
    /// <summary>Changes in one record at most; with <see cref="MaxRecordBytes"/> what the providers' records bear well.</summary>
    private const int MaxRecordChanges = 4096;

    /// <summary>Their length in bytes at most.</summary>
    private const int MaxRecordBytes = 1 << 20;

    /// <summary>Writes that wait at most; more fail at once. While storage hangs, memory must not fill up.</summary>
    private const int MaxWaiting = 16_384;

    /// <summary>Conflicts in a row before writes fail: as many mean that another activation is alive and busy.</summary>
    private const int MaxDecisions = 8;

    /// <summary>Between two warnings that somebody changes too many values of others.</summary>
    private static readonly TimeSpan ChangeWarningPeriod = TimeSpan.FromHours(1);

    private DateTimeOffset _nextChangeWarning;
    private readonly Queue<ShardWrite> _waiting = [];
    private Task _run = Task.CompletedTask;

    /// <summary>Ends when all that was enqueued is confirmed or has failed, and no compaction is under way.</summary>
    public Task Completion => EndAsync();

    /// <summary>Puts a write into the next record that has room.</summary>
    public void Enqueue(ShardWrite write)
    {
        if (_waiting.Count >= MaxWaiting)
        {
            write.Fail();
            return;
        }

        _waiting.Enqueue(write);
        if (_run.IsCompleted)
        {
            _run = RunAsync();
        }
    }

    private async Task RunAsync()
    {
        // Calls that arrived in the same moment get their turn and join.
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

    private async Task EndAsync()
    {
        await _run;
        await log.Compacting;
    }

    private List<ShardWrite> TakeNext()
    {
        var taken = new List<ShardWrite>();
        var bytes = 0;
        while (taken.Count < MaxRecordChanges && _waiting.TryPeek(out var next) && (taken.Count == 0 || bytes + next.Length <= MaxRecordBytes))
        {
            bytes += next.Length;
            taken.Add(_waiting.Dequeue());
        }

        return taken;
    }

    private async Task CommitAsync(List<ShardWrite> writes)
    {
        try
        {
            for (var i = 0; i < MaxDecisions; i++)
            {
                await log.RecoverAsync();
                var result = await TryCommitAsync(writes);
                if (result == AppendResult.Written)
                {
                    writes.ForEach(write => write.Confirm());
                    return;
                }

                if (result == AppendResult.Failed)
                {
                    break;
                }
            }
        }
        catch (Exception e)
        {
            logger.ShardReadFailed(e);
        }

        writes.ForEach(write => write.Fail());
    }

    private async Task<AppendResult> TryCommitAsync(List<ShardWrite> writes)
    {
        var plan = new ShardPlan(log.Shard, time.GetUtcNow());
        try
        {
            writes.ForEach(write => write.Decide(plan));
            var result = plan.NeedsWrite ? await log.AppendAsync(plan)
                : plan.NeedsConfirmation ? await log.ConfirmAsync()
                : AppendResult.Written;
            if (result == AppendResult.Written)
            {
                plan.Apply();
                log.Shard.Note(plan.Turnover);
                GrainMetrics.Noted(plan.Turnover);
                Warn(plan.RefusedChange);
            }

            return result;
        }
        finally
        {
            plan.Abandon();
        }
    }

    private void Warn(StoredValue? refusedChange)
    {
        if (refusedChange is { } refused && refused.StoredAt >= _nextChangeWarning)
        {
            _nextChangeWarning = refused.StoredAt + ChangeWarningPeriod;
            var changes = log.Shard.GetTopChanges(int.MaxValue).FirstOrDefault(entry => entry.Source == refused.Source);
            logger.ChangesRefused(refused.Source.ToText(), changes.Changed);
        }
    }
}

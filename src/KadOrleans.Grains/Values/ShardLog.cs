using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Values;

/// <summary>
/// The values of a shard, in memory and in storage. Each group commit writes one record to a log; now and then the log is
/// compacted into pages, while more is appended. Memory changes only once storage has: it is never ahead. Used by one writer;
/// readers may look at <see cref="Shard"/> whenever it does not run.
/// </summary>
internal sealed class ShardLog
{
    /// <summary>The log is compacted at this many records when nothing waits: what an activation reads besides pages.</summary>
    private const int CompactRecords = 96;

    /// <summary>Or at this many bytes.</summary>
    private const long CompactBytes = 2 << 20;

    /// <summary>
    /// At so many records the log is compacted even if puts wait: a quarter of the slots is left for failing
    /// compactions.
    /// </summary>
    private const int MustCompactRecords = ShardLogRing.Slots * 3 / 4;

    /// <summary>Or at this many bytes.</summary>
    private const long MustCompactBytes = 16 << 20;

    /// <summary>A compaction that failed is tried again this many records later.</summary>
    private const int RecordsBetweenTries = 8;

    private readonly IRandomSource _random;
    private readonly ILogger _logger;
    private readonly ShardLogRing _ring;
    private readonly ShardLoader _loader;
    private readonly ShardCompactor _compactor;
    private ShardImage _image;
    private Doubt _doubt = Doubt.Everything;
    private Task _compacting = Task.CompletedTask;

    // The first record whose slot the compaction under way, or the last, may still empty.
    private long _compactedFrom;
    private bool _compactionFailed;
    private long _noCompactionBefore;

    public ShardLog(IRecordStorage storage, StoreQuota quota, IRandomSource random, ILogger logger)
    {
        _random = random;
        _logger = logger;
        _ring = new ShardLogRing(storage);
        _loader = new ShardLoader(storage, quota);
        _compactor = new ShardCompactor(storage, _ring);
        _image = new ShardImage(new KeyShard(quota), new ShardManifestState(), null);
    }

    /// <summary>What may differ from what memory knows of storage.</summary>
    private enum Doubt
    {
        None,

        /// <summary>Records may have been added to the log.</summary>
        LogEnd,

        Everything,
    }

    /// <summary>The values that are in storage. Another object after every <see cref="RecoverAsync"/>.</summary>
    public KeyShard Shard => _image.Shard;

    /// <summary>Grows with every change of <see cref="Shard"/>.</summary>
    public long Version => _image.NextSequence;

    /// <summary>Whether the log should be compacted when nothing waits.</summary>
    public bool ShouldCompact => MayCompact && (_image.LogRecords >= CompactRecords || _image.LogBytes >= CompactBytes);

    /// <summary>Whether the log should be compacted before anything is added to it.</summary>
    public bool MustCompact => MayCompact && (_image.LogRecords >= MustCompactRecords || _image.LogBytes >= MustCompactBytes);

    /// <summary>Ends when no compaction is under way.</summary>
    public Task Compacting => _compacting;

    private bool MayCompact => _compacting.IsCompleted && (_image.NextSequence >= _noCompactionBefore || IsFull);

    private bool IsFull =>
        _image.NextSequence - (_compacting.IsCompleted ? _image.Manifest.FirstSequence : _compactedFrom) >= ShardLogRing.Slots;

    /// <summary>Reads from storage what is in doubt: all at first, and what an unclear or a foreign write may have left.</summary>
    public async Task RecoverAsync()
    {
        if (_doubt != Doubt.None)
        {
            // What is read must not be moved meanwhile.
            await _compacting;
        }

        if (_doubt == Doubt.LogEnd)
        {
            await CatchUpAsync(attempt: 0);
        }

        if (_doubt == Doubt.Everything)
        {
            _image = await _loader.LoadAsync(_ring);
            _doubt = Doubt.None;
            _compactionFailed = false;
        }
    }

    /// <summary>Adds changes that were decided on the values as they are. On any result but Written memory is as it was.</summary>
    public async Task<AppendResult> AppendAsync(ShardPlan plan)
    {
        if (IsFull)
        {
            await _compacting;
        }

        if (_doubt != Doubt.None || IsFull)
        {
            return AppendResult.Failed;
        }

        var changes = plan.Changes;
        var record = new ShardLogState
        {
            Sequence = _image.NextSequence,
            Attempt = DrawAttempt(),
            Entries = ShardEntryCodec.Encode(changes),
        };
        try
        {
            await _ring.WriteAsync(record);
        }
        catch (StorageConflictException e)
        {
            // Or a provider that repeated a request whose answer was lost met what it wrote itself.
            _doubt = Doubt.LogEnd;
            var result = await FindOutAsync(plan, record.Attempt, otherwise: AppendResult.Conflict);
            if (result == AppendResult.Conflict)
            {
                _logger.ShardWrittenElsewhere(e.Message);
            }

            return result;
        }
        catch (Exception e)
        {
            _doubt = Doubt.LogEnd;
            _logger.ShardWriteFailed(changes.Count, e);
            return await FindOutAsync(plan, record.Attempt, otherwise: AppendResult.Failed);
        }

        plan.Apply();
        _image.Appended(changes, record.Entries.Length);
        return AppendResult.Written;
    }

    /// <summary>
    /// Whether memory is what storage holds, as long as this takes: nobody has written the record that this activation would
    /// write next. An activation that was superseded would else confirm what another has changed since.
    /// </summary>
    public async Task<AppendResult> ConfirmAsync()
    {
        if (IsFull)
        {
            await _compacting;
        }

        if (_doubt != Doubt.None || IsFull)
        {
            return AppendResult.Failed;
        }

        try
        {
            var (place, _) = await _ring.ReadAsync(_image.NextSequence);
            _doubt = place switch
            {
                LogPlace.Free => Doubt.None,
                LogPlace.Written => Doubt.LogEnd,
                _ => Doubt.Everything,
            };
            return _doubt == Doubt.None ? AppendResult.Written : AppendResult.Conflict;
        }
        catch (Exception e)
        {
            _logger.ShardReadFailed(e);
            return AppendResult.Failed;
        }
    }

    /// <summary>
    /// Begins to move the log into pages; <see cref="Compacting"/> says when that ends. A failure is logged and leaves all as
    /// it was; it is tried again later.
    /// </summary>
    public async Task BeginCompactionAsync()
    {
        try
        {
            if (_compactionFailed)
            {
                _doubt = Doubt.Everything;
                await RecoverAsync();
            }
        }
        catch (Exception e)
        {
            GiveUpCompaction(e);
            return;
        }

        _compactedFrom = _image.Manifest.FirstSequence;
        _compactionFailed = true;
        _compacting = CompactAsync();
    }

    private async Task CompactAsync()
    {
        try
        {
            await _compactor.CompactAsync(_image);
            _compactionFailed = false;
        }
        catch (Exception e)
        {
            GiveUpCompaction(e);
        }
    }

    private void GiveUpCompaction(Exception e)
    {
        _noCompactionBefore = _image.NextSequence + RecordsBetweenTries;
        _logger.ShardCompactionFailed(e);
    }

    /// <summary>Whether a write that seemed to fail is in storage after all.</summary>
    private async Task<AppendResult> FindOutAsync(ShardPlan plan, long attempt, AppendResult otherwise)
    {
        // What is read next changes memory itself, with what was planned if that is in storage.
        plan.Abandon();
        try
        {
            await _compacting;
            return await CatchUpAsync(attempt) ? AppendResult.Written : otherwise;
        }
        catch (Exception e)
        {
            // Still in doubt: whatever is written next finds out first.
            _logger.ShardReadFailed(e);
            return AppendResult.Failed;
        }
    }

    /// <summary>Takes over the log records that are new; true if the one of this attempt is among them.</summary>
    private async Task<bool> CatchUpAsync(long attempt)
    {
        var found = false;
        while (_image.LogRecords < ShardLogRing.Slots)
        {
            var (place, record) = await _ring.ReadAsync(_image.NextSequence);
            if (place != LogPlace.Written)
            {
                _doubt = place == LogPlace.Free ? Doubt.None : Doubt.Everything;
                return found;
            }

            found |= record!.Attempt == attempt;
            _image.Append(ShardEntryCodec.Decode(record.Entries), record.Entries.Length);
        }

        _doubt = Doubt.None;
        return found;
    }

    private long DrawAttempt()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        _random.Fill(bytes);
        return BitConverter.ToInt64(bytes) | 1;
    }
}

/// <summary>The result of adding a record to a shard's log.</summary>
internal enum AppendResult
{
    /// <summary>It is in storage, and its changes in memory.</summary>
    Written,

    /// <summary>Another activation wrote in between: decide again on what it left.</summary>
    Conflict,

    /// <summary>Storage failed; nothing was promised.</summary>
    Failed,
}

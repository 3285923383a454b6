using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

// The values of a shard in storage, and an index of them in memory. Each group commit writes one record to a log. From time to
// time the log is compacted into pages, while more is appended. Memory changes only after storage. One writer uses it; others may
// read Image while the writer is not running.
internal sealed class RecordLog
{
    /// <summary>Slots that records with changes leave free: an activation claims a full log at once, and compacts it then.</summary>
    public const int ClaimSlots = 8;

    private readonly IRandomSource _random;
    private readonly ILogger _logger;
    private readonly LogRing _ring;
    private readonly ShardTimes _times;
    private readonly StorageLoader _loader;
    private StoreQuota _quota;
    private readonly Compactor _compactor;
    private StorageImage _image;
    private MovedLog? _moved;
    private Doubt _doubt = Doubt.Everything;

    // In the records that this activation writes: that of the one that moved here, or a new one once the log is read. Whose records it found then;
    // null before.
    private long _owner;
    private long? _foundOwner;

    // The first record whose slot the running or last compaction may still empty.
    private long _compactedFrom;
    private bool _compactionFailed;
    private long _noCompactionBefore;

    public RecordLog(
        string name, IRecordStorage storage, ShardTimes times, StoreQuota quota, ValueCache cache, IRandomSource random, ILogger logger)
    {
        (Name, _times, _quota, _random, _logger) = (name, times, quota, random, logger);
        _ring = new LogRing(storage);
        _loader = new StorageLoader(storage, quota, cache);
        _compactor = new Compactor(storage, _ring, cache.Compactions);
        _image = new StorageImage(quota, cache, new Manifest(), null);
    }

    /// <summary>The parts of storage that memory may not know correctly.</summary>
    private enum Doubt
    {
        None,

        /// <summary>The log may have more records.</summary>
        LogEnd,

        Everything,
    }

    public string Name { get; }

    /// <summary>What memory knows of storage. May be a new object after a <see cref="ResolveDoubtAsync"/>.</summary>
    public StorageImage Image => _image;

    public KeyShard Shard => _image.Shard;

    public bool ShouldCompact => MayCompact && (_image.LogRecords >= Compactor.IdleRecords || _image.LogBytes >= Compactor.IdleBytes);

    public bool MustCompact => MayCompact && (_image.LogRecords >= Compactor.UrgentRecords || _image.LogBytes >= Compactor.UrgentBytes);

    public Task Compacting { get; private set; } = Task.CompletedTask;

    public bool IsSealed => _image.IsSealed;

    /// <summary>Whether the last record is this activation's, or that of the one that moved here: none of before writes any more.</summary>
    public bool IsOwner => _owner != 0 && _image.Owner == _owner;

    /// <summary>Whether another activation has taken the log since this one read it first. Then this one writes nothing any more.</summary>
    public bool IsSuperseded => _foundOwner is { } found && _image.Owner != _owner && _image.Owner != found && !IsSealed;

    /// <summary>Whether memory may differ from storage.</summary>
    public bool IsInDoubt => _doubt != Doubt.None || _compactionFailed;

    private bool MayCompact => !IsSealed && !IsSuperseded && Compacting.IsCompleted && (_image.NextSequence >= _noCompactionBefore || IsFull);

    private bool IsFull => SlotsUsed >= LogRing.Slots - ClaimSlots || _image.LogBytes >= Compactor.MaxLogBytes;

    private long SlotsUsed => _image.NextSequence - (Compacting.IsCompleted ? _image.Manifest.FirstSequence : _compactedFrom);

    public void Use(StoreQuota quota)
    {
        _quota = quota;
        Shard.Accounts.Use(quota);
    }

    /// <summary>Makes the next <see cref="ResolveDoubtAsync"/> read everything: another activation has replaced a page.</summary>
    public void RequireReload() => _doubt = Doubt.Everything;

    /// <summary>The keys and their changes since the first call, or since the filter was full.</summary>
    public KeyHistory GetHistory(int maxChanges)
    {
        if (_image.History is not { IsFilterFull: false })
        {
            _image.History = KeyHistory.Begin(_image.Shard.Enumerate().Select(held => held.Key), _image.Shard.Count, DrawNumber(), maxChanges);
        }

        return _image.History;
    }

    /// <summary>What another activation may take over. Null if memory is in doubt, or if it is too much.</summary>
    public MovedLog? Save() => IsInDoubt || !IsOwner || IsSealed || _image.LogBytes > MovedLog.MaxBytes ? null : _image.Save();

    /// <summary>Takes over what another activation saved. The first <see cref="ResolveDoubtAsync"/> compares it with storage.</summary>
    public void Restore(MovedLog? moved) => (_moved, _owner) = (moved, moved?.Manifest.Owner ?? 0);

    /// <summary>Reads the parts of storage that are in doubt: all at first, later what a failed or foreign write may have left.</summary>
    public async Task ResolveDoubtAsync()
    {
        if (_doubt != Doubt.None)
        {
            // A compaction must not move records during the read.
            await Compacting;
        }

        if (_moved is { } moved)
        {
            _moved = null;
            var times = _times.ReadAsync();
            if (await _loader.LoadAsync(moved) is { } image)
            {
                Replace(image, await times);
                _doubt = Doubt.LogEnd;
            }
        }

        if (_doubt == Doubt.LogEnd)
        {
            await CatchUpAsync(attempt: 0);
        }

        if (_doubt == Doubt.Everything)
        {
            var times = _times.ReadAsync();
            Replace(await _loader.LoadAsync(_ring), await times);
            _doubt = Doubt.None;
            _compactionFailed = false;
        }

        if (_foundOwner is null)
        {
            // The activation that moved here has ended: this one owns the log if that did, and nobody else since.
            _foundOwner = _image.Owner;
            _owner = IsOwner ? _owner : DrawNumber();
        }

        // It may have changed since the loader was made.
        _image.Shard.Accounts.Use(_quota);
    }

    // Writes changes that were decided on the current values. Unless the result is Done, memory stays as it was. A seal has no
    // changes, and ends the log. A record without changes makes this activation the log's owner.
    public async Task<CommitResult> AppendAsync(KeyShardPlan plan, bool isSeal = false)
    {
        if (await FindObstacleAsync(hasChanges: plan.NeedsWrite) is { } obstacle)
        {
            return obstacle;
        }

        Entry[] changes = [.. plan.Writes.Select(write => new Entry(write.Key, write.Value))];
        var record = new LogRecord
        {
            Sequence = _image.NextSequence,
            Attempt = DrawNumber(),
            Owner = _owner,
            Entries = EntryCodec.Encode(changes),
            IsSeal = isSeal,
            LastVersion = _image.LastVersion,
        };
        try
        {
            await _ring.WriteAsync(record);
        }
        catch (StorageConflictException e)
        {
            // The provider may also have retried a request after losing its response, and met its own write.
            var result = await ReadOutcomeAsync(plan, record.Attempt, otherwise: CommitResult.Conflict);
            if (result == CommitResult.Conflict)
            {
                _logger.ShardWrittenElsewhere(Name, e.Message);
            }

            return result;
        }
        catch (Exception e)
        {
            _logger.ShardWriteFailed(changes.Length, Name, e);
            return await ReadOutcomeAsync(plan, record.Attempt, otherwise: CommitResult.Failed);
        }

        _image.RecordWritten(record, changes);
        plan.Apply(_image.PlaceInLog);
        return CommitResult.Done;
    }

    // Checks that memory still equals storage: no one has written the record that this activation would write next. Without the
    // check a superseded activation would confirm values that another has changed.
    public async Task<CommitResult> CheckCurrentAsync()
    {
        if (await FindObstacleAsync(hasChanges: false) is { } obstacle)
        {
            return obstacle;
        }

        try
        {
            var (state, _) = await _ring.ReadAsync(_image.NextSequence);
            _doubt = state switch
            {
                SlotState.Free => Doubt.None,
                SlotState.Written => Doubt.LogEnd,
                SlotState.Overtaken => Doubt.Everything,
            };
            return _doubt == Doubt.None ? CommitResult.Done : CommitResult.Conflict;
        }
        catch (Exception e)
        {
            _logger.ShardReadFailed(Name, e);
            return CommitResult.Failed;
        }
    }

    // Why nothing can be appended; null if it can.
    private async ValueTask<CommitResult?> FindObstacleAsync(bool hasChanges)
    {
        if (HasNoRoom())
        {
            await Compacting;
        }

        return _doubt != Doubt.None || HasNoRoom() ? CommitResult.Failed
            : IsSealed || IsSuperseded ? CommitResult.Conflict
            : null;

        bool HasNoRoom() => hasChanges ? IsFull : SlotsUsed >= LogRing.Slots;
    }

    // Starts a compaction, whose end is Compacting. A failure is logged, changes nothing and is retried later.
    public async Task BeginCompactionAsync()
    {
        try
        {
            if (_compactionFailed)
            {
                _doubt = Doubt.Everything;
                await ResolveDoubtAsync();
            }

            _compactedFrom = _image.Manifest.FirstSequence;
            _compactionFailed = true;
            Compacting = CompactAsync();
        }
        catch (Exception e)
        {
            GiveUpCompaction(e);
        }
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
        _noCompactionBefore = _image.NextSequence + Compactor.RecordsBetweenTries;
        _logger.ShardCompactionFailed(Name, e);
    }

    private void Replace(StorageImage image, IReadOnlyDictionary<ValueName, DateTimeOffset> times)
    {
        _times.Raise(image, times);
        image.IsOpen = _image.IsOpen;
        _image.IsOpen = false;
        _image = image;
    }

    private async Task<CommitResult> ReadOutcomeAsync(KeyShardPlan plan, long attempt, CommitResult otherwise)
    {
        // The next read changes memory, also by the planned changes if they are in storage.
        _doubt = Doubt.LogEnd;
        plan.Abandon();
        try
        {
            await Compacting;
            return await CatchUpAsync(attempt) ? CommitResult.Done : otherwise;
        }
        catch (Exception e)
        {
            // Still in doubt: the next write reads the log first.
            _logger.ShardReadFailed(Name, e);
            return CommitResult.Failed;
        }
    }

    /// <summary>Reads the new log records. Returns true if the record of this attempt is among them.</summary>
    private async Task<bool> CatchUpAsync(long attempt)
    {
        var found = false;
        while (_image.LogRecords < LogRing.Slots && !IsSealed)
        {
            var (state, record) = await _ring.ReadAsync(_image.NextSequence);
            if (state != SlotState.Written)
            {
                _doubt = state == SlotState.Free ? Doubt.None : Doubt.Everything;
                return found;
            }

            found |= record!.Attempt == attempt;
            _image.Replay(record);
        }

        _doubt = Doubt.None;
        return found;
    }

    private long DrawNumber()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        _random.Fill(bytes);
        return BitConverter.ToInt64(bytes) | 1;
    }
}

/// <summary>What a reader finds in a slot of the log, where it expects a sequence.</summary>
internal enum SlotState
{
    /// <summary>Nothing, or a record of an earlier round: the end of the log.</summary>
    Free,

    Written,

    /// <summary>A later record, or one whose changes are in the pages: the reader's manifest is out of date.</summary>
    Overtaken,
}

using KadOrleans.Core;
using KadOrleans.Core.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

/// <summary>
/// The values of a shard in storage, and an index of them in memory. Each group commit writes one record to a log. From time to time the
/// log is compacted into pages, while more is appended. Memory changes only after storage. One writer uses it; others may read
/// <see cref="Image"/> while the writer is not running.
/// </summary>
internal sealed class RecordLog
{
    /// <summary>When no write waits, the log is compacted at this many records: an activation reads them besides the pages.</summary>
    private const int CompactRecords = 96;

    /// <summary>Or at this many bytes.</summary>
    private const long CompactBytes = 2 << 20;

    /// <summary>
    /// At this many records the log is compacted even if writes wait. A quarter of the slots remains in case compactions fail.
    /// </summary>
    private const int MustCompactRecords = LogRing.Slots * 3 / 4;

    /// <summary>Or at this many bytes.</summary>
    private const long MustCompactBytes = 4 << 20;

    /// <summary>The values of so many bytes are in memory besides the cache. Further writes wait for the compaction.</summary>
    private const long MaxLogBytes = 8 << 20;

    /// <summary>A failed compaction is retried this many records later.</summary>
    private const int RecordsBetweenTries = 8;

    private readonly IRandomSource _random;
    private readonly ILogger _logger;
    private readonly LogRing _ring;
    private readonly StorageLoader _loader;
    private StoreQuota _quota;
    private readonly Compactor _compactor;
    private readonly ValueCache _cache;
    private StorageImage _image;
    private MovedLog? _cargo;
    private Doubt _doubt = Doubt.Everything;
    private Task _compacting = Task.CompletedTask;

    // The first record whose slot the running or last compaction may still empty.
    private long _compactedFrom;
    private bool _compactionFailed;
    private long _noCompactionBefore;

    public RecordLog(IRecordStorage storage, StoreQuota quota, ValueCache cache, IRandomSource random, ILogger logger)
    {
        _random = random;
        _logger = logger;
        _ring = new LogRing(storage);
        _cache = cache;
        _quota = quota;
        _loader = new StorageLoader(storage, quota, cache);
        _compactor = new Compactor(storage, _ring);
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

    /// <summary>What memory knows of storage. May be a new object after a <see cref="ResolveDoubtAsync"/>.</summary>
    public StorageImage Image => _image;

    public KeyShard Shard => _image.Shard;

    public OrderedKeys Keys => _image.Keys;

    public bool ShouldCompact => MayCompact && (_image.LogRecords >= CompactRecords || _image.LogBytes >= CompactBytes);

    public bool MustCompact => MayCompact && (_image.LogRecords >= MustCompactRecords || _image.LogBytes >= MustCompactBytes);

    public Task Compacting => _compacting;

    public bool IsSealed => _image.IsSealed;

    /// <summary>Whether memory may differ from storage.</summary>
    public bool IsInDoubt => _doubt != Doubt.None || _compactionFailed;

    private bool MayCompact => !IsSealed && _compacting.IsCompleted && (_image.NextSequence >= _noCompactionBefore || IsFull);

    private bool IsFull =>
        _image.NextSequence - (_compacting.IsCompleted ? _image.Manifest.FirstSequence : _compactedFrom) >= LogRing.Slots
        || _image.LogBytes >= MaxLogBytes;

    /// <summary>The value that is held of a key, alive or not. False if it has to be read first.</summary>
    public bool TryFind(NodeId key, out StoredValue? value)
    {
        value = null;
        if (!_image.Shard.TryFind(key, out var held))
        {
            return true;
        }

        value = _image.Values.Peek(held);
        return value is not null;
    }

    public void Use(StoreQuota quota)
    {
        _quota = quota;
        Shard.Use(quota);
    }

    /// <summary>Has the next <see cref="ResolveDoubtAsync"/> read everything: another activation has replaced a page.</summary>
    public void Distrust() => _doubt = Doubt.Everything;

    /// <summary>The keys and their changes since the first call, or since the filter was full.</summary>
    public KeyHistory GetHistory(int maxChanges)
    {
        if (_image.History is not { IsWorn: false })
        {
            _image.History = KeyHistory.Begin(_image.Shard.Enumerate().Select(held => held.Key), _image.Shard.Count, DrawAttempt(), maxChanges);
        }

        return _image.History;
    }

    /// <summary>What another activation may take over. Null if memory is in doubt, or if it is too much.</summary>
    public MovedLog? Save()
    {
        if (IsInDoubt || IsSealed || _image.LogBytes > MovedLog.MaxBytes)
        {
            return null;
        }

        Entry[] changes = [.. _image.Values.Recent.Select(change => new Entry(change.Key, change.Value))];
        return new MovedLog(_image.Manifest, _image.ManifestETag, _image.NextSequence, EntryCodec.Encode(changes));
    }

    /// <summary>Takes over what another activation saved. The first <see cref="ResolveDoubtAsync"/> compares it with storage.</summary>
    public void Take(MovedLog cargo) => _cargo = cargo;

    /// <summary>Reads the parts of storage that are in doubt: all at first, later what a failed or foreign write may have left.</summary>
    public async Task ResolveDoubtAsync()
    {
        if (_doubt != Doubt.None)
        {
            // A compaction must not move records during the read.
            await _compacting;
        }

        if (_cargo is { } cargo)
        {
            _cargo = null;
            if (await _loader.LoadAsync(cargo) is { } image)
            {
                Replace(image);
                _doubt = Doubt.LogEnd;
            }
        }

        if (_doubt == Doubt.LogEnd)
        {
            await CatchUpAsync(attempt: 0);
        }

        if (_doubt == Doubt.Everything)
        {
            Replace(await _loader.LoadAsync(_ring));
            _doubt = Doubt.None;
            _compactionFailed = false;
        }

        // It may have changed since the loader was made.
        _image.Shard.Use(_quota);
    }

    /// <summary>Writes changes that were decided on the current values. Unless the result is Written, memory stays as it was.</summary>
    /// <param name="plan">The changes.</param>
    /// <param name="isSeal">Whether the record, then without changes, ends the log.</param>
    public async Task<AppendResult> AppendAsync(KeyShardPlan plan, bool isSeal = false)
    {
        if (await FindObstacleAsync() is { } obstacle)
        {
            return obstacle;
        }

        Entry[] changes = [.. plan.Writes.Select(write => new Entry(write.Key, write.Value))];
        var record = new LogRecord
        {
            Sequence = _image.NextSequence,
            Attempt = DrawAttempt(),
            Entries = EntryCodec.Encode(changes),
            IsSeal = isSeal,
        };
        try
        {
            await _ring.WriteAsync(record);
        }
        catch (StorageConflictException e)
        {
            // The provider may also have retried a request after losing its response, and met its own write.
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
            _logger.ShardWriteFailed(changes.Length, e);
            return await FindOutAsync(plan, record.Attempt, otherwise: AppendResult.Failed);
        }

        if (isSeal)
        {
            _image.Seal();
        }
        else
        {
            _image.Appended(changes, record.Entries.Length);
            plan.Apply(_image.PlaceInLog);
        }

        return AppendResult.Written;
    }

    /// <summary>
    /// Checks that memory still equals storage: no one has written the record that this activation would write next. Without the check a
    /// superseded activation would confirm values that another has changed.
    /// </summary>
    public async Task<AppendResult> ConfirmAsync()
    {
        if (await FindObstacleAsync() is { } obstacle)
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

    // Why nothing can be appended; null if it can.
    private async ValueTask<AppendResult?> FindObstacleAsync()
    {
        if (IsFull)
        {
            await _compacting;
        }

        return _doubt != Doubt.None || IsFull ? AppendResult.Failed
            : IsSealed ? AppendResult.Conflict
            : null;
    }

    /// <summary>
    /// Starts a compaction, whose end is <see cref="Compacting"/>. A failure is logged, changes nothing and is retried later.
    /// </summary>
    public async Task BeginCompactionAsync()
    {
        try
        {
            if (_compactionFailed)
            {
                _doubt = Doubt.Everything;
                await ResolveDoubtAsync();
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
            using var turn = await _cache.Compactions.TakeAsync();
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

    private void Replace(StorageImage image)
    {
        image.IsOpen = _image.IsOpen;
        _image.IsOpen = false;
        _image = image;
    }

    /// <summary>Finds out whether a write that seemed to fail is in storage.</summary>
    private async Task<AppendResult> FindOutAsync(KeyShardPlan plan, long attempt, AppendResult otherwise)
    {
        // The next read changes memory, also by the planned changes if they are in storage.
        plan.Abandon();
        try
        {
            await _compacting;
            return await CatchUpAsync(attempt) ? AppendResult.Written : otherwise;
        }
        catch (Exception e)
        {
            // Still in doubt: the next write finds out first.
            _logger.ShardReadFailed(e);
            return AppendResult.Failed;
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
            _image.Append(record);
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

internal enum AppendResult
{
    /// <summary>The record is in storage, and its changes are in memory.</summary>
    Written,

    /// <summary>Another activation wrote a record first. Decide again on the new values.</summary>
    Conflict,

    /// <summary>Storage failed. No write is acknowledged.</summary>
    Failed,
}

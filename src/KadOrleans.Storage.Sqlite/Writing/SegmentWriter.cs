using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace KadOrleans.Storage.Sqlite;

// The only writer of the node's file. Of each batch it plans the new state of each key and publication, and writes them in one
// transaction. Memory changes only after the commit. Operations call its public members, on its thread.
internal sealed class SegmentWriter : GroupCommit<SegmentWriter>
{
    /// <summary>The most waiting writes. With values of 8 KB that is 64 MB: a slow disk must not use up the node's memory.</summary>
    public const int QueueCapacity = 8192;

    private readonly SegmentLog _log;
    private readonly KeptValues _values;
    private readonly SegmentTable _segments;
    private readonly ConcurrentDictionary<NodeId, Publication> _publications;
    private readonly DatabaseFile _file;
    private readonly ReaderWriterLockSlim _restarts;
    private readonly ILogger _logger;
    private readonly StorageOptions _options;
    private readonly MovedTimeTable _times;

    // Guards itself: numbers of segments whose repair is under way.
    private readonly HashSet<long> _repairs = [];

    // The batch under way, beside its values.
    private readonly List<NodeId> _keys = [];
    private readonly Dictionary<NodeId, Publication?> _published = [];
    private readonly List<Segment> _damaged = [];
    private readonly List<NodeId> _found = [];
    private int _publicationsAdded;
    private NodeState? _saved;
    private ClockRecord? _clock;

    private NodeState? _state;

    // The clock that stamps what is written, and what the file has of it.
    private volatile Func<ClockRecord>? _readClock;
    private ClockRecord? _savedClock;

    // The highest version that was given: of the batch under way, and in the file.
    private long _version;
    private long _savedVersion;

    // Of most files none are, and a put need not look.
    private readonly bool _hadLost;

    /// <summary>Starts writing. It enters <paramref name="restarts"/> to restart the write-ahead log while nobody reads from the file.</summary>
    public SegmentWriter(
        DatabaseFile file,
        LoadedDatabase loaded,
        MovedTimeTable times,
        IReadOnlyList<NodeId> lost,
        ReaderWriterLockSlim restarts,
        ILogger logger)
        : base(file, QueueCapacity, long.MaxValue, logger)
    {
        (_file, _logger, _options, _restarts, _times) = (file, logger, loaded.Options, restarts, times);
        (_values, _segments, _publications, _state) = (loaded.Values, loaded.Segments, loaded.Publications, loaded.State);
        (Lost, _hadLost) = (new(lost.Select(key => KeyValuePair.Create(key, true))), lost.Count > 0);
        _savedVersion = loaded.Values.Shard.Accounts.Versions.Last;
        _log = new SegmentLog(file, loaded, Repair);
        StorageMetrics.Begin();
        Start();
    }

    /// <summary>Called between a commit and its changes in memory; tests hold the writer there.</summary>
    public Action? Delay { get; set; }

    /// <summary>The keys whose values are missing since the file was damaged, and that were neither stored nor removed since.</summary>
    public ConcurrentDictionary<NodeId, bool> Lost { get; }

    public NodeState? State => Volatile.Read(ref _state);

    /// <summary>Has the times written that have moved in memory alone. Any thread may ask; a full queue leaves it for the next time.</summary>
    public void SaveTimes() => TryEnqueue(new FunctionOperation<SegmentWriter, bool>(
        writer =>
        {
            writer._times.Save();
            return true;
        },
        isWrite: false));

    /// <summary>Has a damaged segment replaced. Any thread may ask.</summary>
    public void Repair(long number)
    {
        lock (_repairs)
        {
            if (!_repairs.Add(number))
            {
                return;
            }
        }

        _ = RepairAsync(number);
    }

    /// <summary>Has a damaged segment replaced: its values are written again as far as the cache has them, and others are given up.</summary>
    /// <returns>How many are written again and how many are not; null if it is gone.</returns>
    public (int Kept, int Lost)? Replace(long number)
    {
        if (_segments.Find(number) is not { } segment || _damaged.Contains(segment))
        {
            return null;
        }

        _damaged.Add(segment);
        var (kept, lost) = (0, 0);
        foreach (var held in _values.Scan(held => RecordPlace.From(held.Place).Slot == segment.Slot).ToList())
        {
            lock (_values.Gate)
            {
                var isPlanned = Plan.TryFindChange(held.Key, out var change);
                var value = isPlanned ? change.After : _values.Peek(held);
                Plan.Set(held.Key, value);
                (kept, lost) = isPlanned || value is not null ? (kept + 1, lost) : (kept, lost + 1);
            }
        }

        return (kept, lost);
    }

    /// <summary>Puts a value, if the rules allow it after the changes planned so far. At stake is a result that depends on the commit.</summary>
    public StoreResult Put(NodeId key, StoredValue value, PutTerms terms, out bool isAtStake)
    {
        // Read before the lock, which readers of other values wait for.
        var isPlanned = Plan.TryFindChange(key, out var change);
        var slot = isPlanned ? change.Slot : _values.Shard.SlotOf(key);
        var before = isPlanned ? change.After : _values.Shard.TryGetAt(slot, out var held) ? _values.Read(held) : null;
        StoreResult result;
        lock (_values.Gate)
        {
            result = Plan.Put(key, slot, before, value, terms, out isAtStake).Result;
        }

        if (_hadLost && result == StoreResult.Stored)
        {
            _found.Add(key);
        }

        return result;
    }

    /// <summary>Removes a key, which then is not lost either.</summary>
    public bool Remove(NodeId key)
    {
        if (_hadLost)
        {
            _found.Add(key);
        }

        return RemoveExpired(key, DateTimeOffset.MaxValue);
    }

    public bool RemoveIf(NodeId key, long version) => Plan.Find(key)?.Version == version && Remove(key);

    public bool RemoveExpired(NodeId key, DateTimeOffset now)
    {
        if (!(Plan.FindEnd(key) <= now))
        {
            return false;
        }

        lock (_values.Gate)
        {
            Plan.Set(key, null);
        }

        return true;
    }

    public StoredValue? Read(NodeId key, DateTimeOffset now)
    {
        var value = _values.Shard.Read(key);
        RepairDamaged();
        return value is null || value.IsExpired(now) ? null : value;
    }

    public StoreResult Publish(NodeId key, Publication publication)
    {
        if (FindPublication(key) is null)
        {
            if (_publications.Count + _publicationsAdded >= _options.MaxPublications)
            {
                return StoreResult.TotalQuotaExceeded;
            }

            _publicationsAdded++;
        }

        _published[key] = publication;
        return StoreResult.Stored;
    }

    /// <summary>Replaces or ends a publication, if the changes planned so far leave it as it was read.</summary>
    public StoreResult Replace(NodeId key, Publication before, Publication? after)
    {
        if (FindPublication(key) is var held && held != before)
        {
            return held is not null && held == after ? StoreResult.Stored : StoreResult.Superseded;
        }

        _publicationsAdded -= after is null ? 1 : 0;
        _published[key] = after;
        return StoreResult.Stored;
    }

    public bool Unpublish(NodeId key)
    {
        var wasPublished = FindPublication(key) is not null;
        if (wasPublished)
        {
            _publicationsAdded--;
            _published[key] = null;
        }

        return wasPublished;
    }

    /// <summary>Writes what is known of the clock with whatever is written from now on, each time it is another object.</summary>
    public void UseClock(Func<ClockRecord> read) => _readClock = read;

    /// <summary>Saves a node state. The last one of a batch stays.</summary>
    public NodeState Save(NodeState state) => _saved = state;

    protected override SegmentWriter Context => this;

    protected override bool IsConclusive => Plan.NeedsWrite;

    private KeyShardPlan Plan => _values.Plan;

    protected override bool Decide(List<DatabaseOperation<SegmentWriter>> batch)
    {
        Plan.Clear();
        _published.Clear();
        _damaged.Clear();
        _found.Clear();
        (_publicationsAdded, _saved) = (0, null);
        Prefetch(batch);
        foreach (var write in batch)
        {
            write.Run(this);
        }

        RepairDamaged();

        // After all of the batch was stamped.
        _clock = _readClock?.Invoke() is { } clock && !ReferenceEquals(clock, _savedClock) ? clock : null;
        return _clock is not null || Plan.NeedsWrite || _published.Count > 0 || _saved is not null || _damaged.Count > 0;
    }

    protected override void Write(List<DatabaseOperation<SegmentWriter>> batch)
    {
        _values.BeginCommit();
        foreach (ref var change in Plan.Changes)
        {
            change.Place = change.NeedsWrite ? _log.Write(change) : null;
        }

        _damaged.ForEach(_log.Rewrite);

        // The state is saved every few minutes: time enough to look at some of the file.
        if (_saved is not null)
        {
            _log.Check();
        }

        if (Plan.NeedsWrite || _damaged.Count > 0)
        {
            _log.Finish();
        }

        foreach (var (key, publication) in _published)
        {
            NodeRows.Write(_file.Connection, key, publication);
        }

        if (_saved is not null)
        {
            NodeRows.Write(_file.Connection, _saved);
        }

        if (_clock is not null)
        {
            ClockRows.Write(_file.Connection, _clock);
        }

        _version = _values.Ask(static shard => shard.Accounts.Versions.Last);
        if (_version != _savedVersion)
        {
            VersionRow.Write(_file.Connection, _version);
        }
    }

    protected override void Committed(TimeSpan duration)
    {
        StorageMetrics.Wrote(duration);
        Delay?.Invoke();
        if (_file.LogLength > _options.MaxWriteAheadBytes)
        {
            RestartLog();
        }
    }

    protected override void Apply()
    {
        RecordTimes();
        lock (_values.Gate)
        {
            Plan.Apply();
            _values.Shard.AddTurnover(Plan.Turnover);
            _log.Apply();
        }

        foreach (var (key, publication) in _published)
        {
            if (publication is null)
            {
                _publications.TryRemove(key, out _);
            }
            else
            {
                _publications[key] = publication;
            }
        }

        _found.ForEach(key => Lost.TryRemove(key, out _));
        _values.EndCommit();
        Volatile.Write(ref _state, _saved ?? _state);
        _savedClock = _clock ?? _savedClock;
        _savedVersion = _version;
    }

    // Of a write of its own: a put that changes nothing else waits for no disk, and no other put fails with it.
    protected override void AfterBatch()
    {
        if (_times.IsDue)
        {
            _times.Save();
        }
    }

    protected override void Abandon()
    {
        StorageMetrics.Failed();
        _log.Abandon();
        lock (_values.Gate)
        {
            Plan.Abandon();
        }

        _values.EndCommit();
    }

    // In one work item of the thread pool, one after another: no commit may wait for what callers do next. Callers of puts continue there, so
    // they must not block. If the writer has nothing more to do, its thread takes the item at once.
    protected override void CompleteBatch(List<DatabaseOperation<SegmentWriter>> batch, Exception? failure)
    {
        if (batch.Count > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static finished => Array.ForEach(finished.Batch, operation => Complete(operation, finished.Failure)),
                (Batch: batch.ToArray(), Failure: failure),
                preferLocal: true);
        }
    }

    protected override void Close()
    {
        _times.Save();
        _log.Dispose();
        _values.Dispose();
    }

    private void RecordTimes()
    {
        foreach (ref readonly var change in Plan.Changes)
        {
            if (!change.NeedsWrite
                && change.After is { } after
                && _values.Shard.TryGetAt(change.Slot, out var held)
                && held.StoredAt != after.StoredAt)
            {
                _times.Record(change.Key, after);
            }
        }
    }

    // After the changes planned so far.
    private Publication? FindPublication(NodeId key) =>
        _published.TryGetValue(key, out var planned) ? planned : _publications.GetValueOrDefault(key);

    private void RepairDamaged()
    {
        _values.Damaged.ForEach(Repair);
        _values.Damaged.Clear();
    }

    // Keys are random, so memory is what deciding waits for.
    private void Prefetch(List<DatabaseOperation<SegmentWriter>> batch)
    {
        _keys.Clear();
        foreach (var write in batch)
        {
            if (write is PutOperation put)
            {
                _keys.Add(put.Key);
            }
        }

        _values.Shard.Prefetch(CollectionsMarshal.AsSpan(_keys));
    }

    // What was committed stays so if this fails; the next commit tries again.
    private void RestartLog()
    {
        _restarts.EnterWriteLock();
        try
        {
            _file.Connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException exception)
        {
            StorageLog.LogNotRestarted(_logger, exception, _file.Path);
        }
        finally
        {
            _restarts.ExitWriteLock();
        }
    }

    private async Task RepairAsync(long number)
    {
        var write = new FunctionOperation<SegmentWriter, (int Kept, int Lost)?>(writer => writer.Replace(number));
        try
        {
            if (TryEnqueue(write) && await write.Task is var (kept, lost))
            {
                StorageLog.SegmentReplaced(_logger, number, _file.Path, kept, lost);
            }
        }
        catch (Exception exception)
        {
            // The next read of it asks again.
            StorageLog.SegmentNotReplaced(_logger, exception, number, _file.Path);
        }

        lock (_repairs)
        {
            _repairs.Remove(number);
        }
    }

    protected override Exception Closed() => new ObjectDisposedException(nameof(SqliteDatabase));
}

namespace KadOrleans.Storage.Sqlite;

// Writes the changes of each commit as segments, and compacts obsolete ones. The state of a key is its record in the newest
// segment that has one, so records may move to newer segments in any order. Only the oldest segment's removals may be dropped: no
// older put of their keys is left. Only the writer uses it.
internal sealed class SegmentLog : IDisposable
{
    private const long Removed = -1;

    // The bytes read at each check: 0.3 ms from memory. A thousand checks read a gigabyte.
    private const int CheckedBytes = 1 << 20;

    private readonly DatabaseFile _file;
    private readonly SegmentTable _table;
    private readonly KeptValues _values;
    private readonly SegmentRows _rows;
    private readonly SegmentOutput _output;
    private readonly Compaction _compaction;
    private readonly Action<long> _onDamage;

    // Of the commit under way: keys whose records were copied, where those of held keys are now, what is touched and what goes.
    private readonly HashSet<NodeId> _copied = [];
    private readonly List<(HeldKey Key, long Place)> _moved = [];
    private readonly List<Segment> _touched = [];
    private readonly List<Segment> _leaving = [];

    // The last checked segment; null at the beginning.
    private Segment? _checked;

    public SegmentLog(DatabaseFile file, LoadedDatabase loaded, Action<long> onDamage)
    {
        (_file, _table, _values, _onDamage) = (file, loaded.Segments, loaded.Values, onDamage);
        _rows = new SegmentRows(file.Connection);
        _output = new SegmentOutput(_table, _rows, loaded.Options);
        _compaction = new Compaction(this, _table, _output, loaded.Options);
    }

    /// <summary>The segments with puts that the current commit makes obsolete.</summary>
    public IReadOnlyList<Segment> Touched => _touched;

    /// <summary>Length of those puts.</summary>
    public long ObsoletedBytes { get; private set; }

    /// <summary>Length of the records in segments that the current commit deletes.</summary>
    public long LeavingBytes { get; private set; }

    /// <summary>Writes the latest state of a key. Once per key and commit.</summary>
    /// <returns>Where it is; null if the file needs no record of it.</returns>
    public long? Write(in PlannedChange change)
    {
        if (_values.Shard.TryGetAt(change.Slot, out var held))
        {
            var place = RecordPlace.From(held.Place);
            MakeObsolete(_table[place.Slot], place.Length);
        }
        else if (change.After is null)
        {
            // The key was never held, or the file already has its removal.
            return null;
        }

        if (change.After is { } value)
        {
            return _output.Put(change.Key, value);
        }

        _output.Remove(change.Key);
        return Removed;
    }

    /// <summary>Reads some of the segments, in turns from the oldest to the newest, and tells of what is damaged.</summary>
    public void Check()
    {
        var segment = _checked?.Newer ?? _table.Oldest;
        for (var bytes = 0L; segment is not null && bytes < CheckedBytes; segment = segment.Newer)
        {
            bytes += segment.Bytes;
            _checked = segment;
            try
            {
                TryOpen(segment, out _);
            }
            finally
            {
                _rows.Close();
            }
        }

        _checked = segment is null ? null : _checked;
    }

    /// <summary>Ends the writing of a commit: compacts what is due, and writes all segments in the file's transaction.</summary>
    public void Finish()
    {
        _compaction.Run();
        _output.Flush();
    }

    /// <summary>Called after the commit, under the memory's lock.</summary>
    public void Apply()
    {
        foreach (var (key, place) in _moved)
        {
            _values.Shard.Move(key, place);
        }

        foreach (var segment in _touched)
        {
            _table.EndCommit(segment);
        }

        foreach (var segment in _leaving)
        {
            _checked = segment == _checked ? null : _checked;
            _table.Remove(segment);
        }

        foreach (var segment in _output.Segments)
        {
            _table.Add(segment);
        }

        _compaction.EndCommit();
        Clear();
    }

    public void Abandon()
    {
        foreach (var segment in _touched.Concat(_leaving))
        {
            segment.EndCommit(committed: false);
        }

        foreach (var segment in _output.Segments)
        {
            _table.Release(segment);
        }

        Clear();
    }

    public void Drop(Segment segment)
    {
        segment.IsLeaving = true;
        _leaving.Add(segment);
        LeavingBytes += segment.Bytes;
        _rows.Delete(segment.Number);
    }

    /// <summary>Rewrites the segment's live records into the current commit, then drops the segment. False, and neither, if it is damaged.</summary>
    public bool Compact(Segment segment, bool isOldest)
    {
        try
        {
            if (!TryOpen(segment, out var records))
            {
                return false;
            }

            while (!records.IsEmpty)
            {
                if (!EntryCodec.TryTake(ref records, out var record))
                {
                    throw _file.Folder.Damaged(SegmentCodec.Unreadable(segment.Number));
                }

                Copy(record, segment, isOldest);
            }
        }
        finally
        {
            _rows.Close();
        }

        Drop(segment);
        return true;
    }

    // Drops a damaged segment, whose puts the current commit makes obsolete. Its removals hide older puts, such as those of
    // evicted values. They are written again as far as they can be read. One too many does no harm, as only keys that are not
    // held get one.
    public void Rewrite(Segment segment)
    {
        try
        {
            var bytes = segment == _table.Oldest ? [] : _rows.Open(segment.Number);
            var hidden = new LostRecords().Add(segment.Number, bytes, key => IsWritten(key) || _values.Shard.TryFind(key, out _));
            foreach (var key in hidden)
            {
                _output.Remove(key);
                _copied.Add(key);
            }
        }
        finally
        {
            _rows.Close();
        }

        Drop(segment);
    }

    public void Dispose() => _rows.Dispose();

    private void Copy(EncodedEntry record, Segment segment, bool isOldest)
    {
        var key = record.Key;
        if (IsWritten(key))
        {
            return;
        }

        var isHeld = _values.Shard.TryFind(key, out var held);
        if (record.IsRemoval)
        {
            if (!isOldest && !isHeld)
            {
                _output.Remove(key);
                _copied.Add(key);
            }
        }
        else if (isHeld && RecordPlace.From(held.Place).Slot == segment.Slot)
        {
            _copied.Add(key);
            _moved.Add((held, _output.Copy(record)));
        }
    }

    // Tells of a damaged segment. Valid until the rows are closed.
    private bool TryOpen(Segment segment, out ReadOnlySpan<byte> records)
    {
        var isSound = SegmentCodec.TryOpen(_rows.Open(segment.Number), segment.Number, out records);
        if (!isSound)
        {
            _onDamage(segment.Number);
        }

        return isSound;
    }

    private bool IsWritten(NodeId key) =>
        _copied.Contains(key) || (_values.Plan.TryFindChange(key, out var change) && change.Place is not null);

    private void MakeObsolete(Segment segment, int length)
    {
        if (segment.Obsoleted == 0)
        {
            _touched.Add(segment);
        }

        segment.MakeObsolete(length);
        ObsoletedBytes += length;
    }

    private void Clear()
    {
        _copied.Clear();
        _moved.Clear();
        _touched.Clear();
        _leaving.Clear();
        _output.Clear();
        ObsoletedBytes = 0;
        LeavingBytes = 0;
    }
}

// Chooses the segments that a commit compacts. Dead ones are dropped at once. While more than half of the log is obsolete, the
// oldest are compacted: their live records are appended to the log. For that a commit reads eight bytes for each byte that it
// writes or makes obsolete; an unused rest counts for the next commit. Small segments at the end of the log are merged with the
// commit's own. Sixteen of one size make one of the next, up to half a full segment.
internal sealed class Compaction(SegmentLog log, SegmentTable table, SegmentOutput output, StorageOptions options)
{
    /// <summary>The number of consecutive segments of one size that are merged.</summary>
    public const int FanIn = 16;

    // With a higher number an obsolete log is compacted sooner. With eight, the log stays below three times its live bytes and
    // three times the slack. While all of it is read once it grows by an eighth.
    private const int ReadPerByte = 8;

    private const int FullTier = 2;

    /// <summary>Dead segments at the old end that go in one commit; they are free to go, but each costs a moment.</summary>
    private const int MaxDropped = 2048;

    private long _credit;
    private long _creditAfter;
    private long _live;

    private long Bytes => table.Bytes - log.LeavingBytes + output.Bytes;

    public void Run()
    {
        var changed = output.Bytes + log.ObsoletedBytes;
        _live = table.LiveBytes - log.ObsoletedBytes + output.LiveBytes;
        DropDead();
        Collect(changed);
        Merge();
    }

    public void EndCommit() => _credit = _creditAfter;

    private void DropDead()
    {
        foreach (var segment in log.Touched)
        {
            if (segment.IsDead && !segment.IsLeaving)
            {
                log.Drop(segment);
            }
        }

        for (var i = 0; i < MaxDropped && Oldest() is { } oldest && oldest.Live == oldest.Obsoleted; i++)
        {
            log.Drop(oldest);
        }
    }

    private void Collect(long changed)
    {
        _creditAfter = IsDue() ? _credit + (ReadPerByte * changed) : 0;
        while (IsDue() && Oldest() is { } oldest && oldest.Bytes <= _creditAfter && log.Compact(oldest, isOldest: true))
        {
            _creditAfter -= oldest.Bytes;
        }
    }

    private void Merge()
    {
        while (Newest() is { } newest)
        {
            var tier = TierOf(output.Bytes);
            var count = TierOf(newest.Bytes) < tier ? 1 : CountRun(newest, tier);
            if (count == 0)
            {
                return;
            }

            for (var i = 0; i < count; i++)
            {
                newest = Newest()!;
                if (!log.Compact(newest, newest == Oldest()))
                {
                    return;
                }
            }
        }
    }

    private bool IsDue() => Bytes > (2 * _live) + options.SlackBytes;

    private Segment? Oldest() => FindStaying(table.Oldest, static segment => segment.Newer);

    private Segment? Newest() => FindStaying(table.Newest, static segment => segment.Older);

    private static Segment? FindStaying(Segment? segment, Func<Segment, Segment?> next)
    {
        while (segment is { IsLeaving: true })
        {
            segment = next(segment);
        }

        return segment;
    }

    // The number of segments at the end of the log that make one of the next size with the commit's own. 0 if there are too few.
    private int CountRun(Segment newest, int tier)
    {
        var count = 0;
        for (var segment = newest;
            tier < FullTier && segment is not null && count < FanIn - 1 && (segment.IsLeaving || TierOf(segment.Bytes) == tier);
            segment = segment.Older)
        {
            count += segment.IsLeaving ? 0 : 1;
        }

        return count == FanIn - 1 ? count : 0;
    }

    private int TierOf(long bytes)
    {
        var full = options.SegmentBytes / 2;
        return bytes >= full ? FullTier : bytes >= full / FanIn ? 1 : 0;
    }
}

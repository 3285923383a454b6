using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

/// <summary>The segments of the file, from oldest to newest. Only the writer uses it.</summary>
internal sealed class SegmentTable
{
    private readonly List<Segment?> _slots = [];
    private readonly Stack<int> _free = [];

    public Segment? Oldest { get; private set; }

    public Segment? Newest { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Length of the puts that are the latest of their keys.</summary>
    public long LiveBytes { get; private set; }

    public long NextNumber => (Newest?.Number ?? 0) + 1;

    public Segment this[int slot] => _slots[slot]!;

    public Segment? Find(long number)
    {
        var segment = Newest;
        while (segment is not null && segment.Number > number)
        {
            segment = segment.Older;
        }

        return segment?.Number == number ? segment : null;
    }

    /// <summary>A segment to be filled, and then added or released.</summary>
    public Segment Reserve(long number)
    {
        if (!_free.TryPop(out var slot))
        {
            if (_slots.Count == RecordPlace.MaxSlots)
            {
                throw new InvalidOperationException("The log has as many segments as the index can tell apart.");
            }

            slot = _slots.Count;
            _slots.Add(null);
        }

        var segment = new Segment(slot, number);
        _slots[slot] = segment;
        return segment;
    }

    public void Release(Segment segment)
    {
        _slots[segment.Slot] = null;
        _free.Push(segment.Slot);
    }

    public void Add(Segment segment) => Insert(segment, Newest, null);

    public void AddOldest(Segment segment) => Insert(segment, null, Oldest);

    /// <summary>Notes that puts of a segment are no longer the latest.</summary>
    public void EndCommit(Segment segment)
    {
        LiveBytes -= segment.ObsoletedBytes;
        segment.EndCommit(committed: true);
    }

    public void Remove(Segment segment)
    {
        Link(segment.Older, segment.Newer);
        Bytes -= segment.Bytes;
        LiveBytes -= segment.LiveBytes;
        Release(segment);
    }

    private void Insert(Segment segment, Segment? older, Segment? newer)
    {
        Link(older, segment);
        Link(segment, newer);
        Bytes += segment.Bytes;
        LiveBytes += segment.LiveBytes;
    }

    // Makes two segments neighbours. Null: the other one is the oldest or the newest.
    private void Link(Segment? older, Segment? newer)
    {
        (Oldest, Newest) = (older is null ? newer : Oldest, newer is null ? older : Newest);
        older?.Newer = newer;
        newer?.Older = older;
    }
}

/// <summary>One segment of the file, as memory knows it.</summary>
/// <param name="slot">Its place in the <see cref="SegmentTable"/>, by which keys refer to it.</param>
/// <param name="number">Its number in the file: the later it was committed, the higher.</param>
internal sealed class Segment(int slot, long number)
{
    public int Slot => slot;

    public long Number => number;

    public int Bytes { get; private set; }

    /// <summary>Removals in it, which hide puts in older segments.</summary>
    public int Removals { get; private set; }

    /// <summary>Puts in it that are the latest of their keys.</summary>
    public int Live { get; private set; }

    public int LiveBytes { get; private set; }

    /// <summary>Live puts that the current commit makes obsolete.</summary>
    public int Obsoleted { get; private set; }

    public int ObsoletedBytes { get; private set; }

    public bool IsLeaving { get; set; }

    public Segment? Older { get; set; }

    public Segment? Newer { get; set; }

    /// <summary>Whether a restart needs nothing of it after the current commit.</summary>
    public bool IsDead => Live == Obsoleted && Removals == 0;

    public void AddPut(int length)
    {
        Bytes += length;
        LiveBytes += length;
        Live++;
    }

    public void AddObsolete(int length) => Bytes += length;

    public void AddRemoval(int length)
    {
        Bytes += length;
        Removals++;
    }

    public void MakeObsolete(int length)
    {
        Obsoleted++;
        ObsoletedBytes += length;
    }

    public void EndCommit(bool committed)
    {
        if (committed)
        {
            Live -= Obsoleted;
            LiveBytes -= ObsoletedBytes;
        }

        Obsoleted = 0;
        ObsoletedBytes = 0;
        IsLeaving = false;
    }
}

/// <summary>Where the record of a key is, in the eight bytes that the index has for it.</summary>
internal readonly record struct RecordPlace(int Slot, int Offset, int Length)
{
    /// <summary>Slots are below this: a terabyte of segments.</summary>
    public const int MaxSlots = 1 << 28;

    private const int OffsetBits = 18;
    private const int LengthBits = 14;

    public static RecordPlace From(long place) => new(
        (int)(place >> (OffsetBits + LengthBits)),
        (int)(place >> LengthBits) & ((1 << OffsetBits) - 1),
        (int)place & ((1 << LengthBits) - 1));

    /// <summary>The same as one number, below 2^60.</summary>
    public long ToInt64() => ((long)Slot << (OffsetBits + LengthBits)) | ((long)Offset << LengthBits) | (long)Length;
}

internal sealed class SegmentOutput(SegmentTable table, SegmentRows rows, StorageOptions options)
{
    private readonly byte[] _buffer = new byte[SegmentCodec.HeaderLength + Math.Max(options.SegmentBytes, RecordCodec.MaxLength)];
    private readonly List<Segment> _segments = [];
    private int _length;

    public IReadOnlyList<Segment> Segments => _segments;

    public long Bytes { get; private set; }

    /// <summary>Length of the puts among them.</summary>
    public long LiveBytes { get; private set; }

    public long Put(NodeId key, StoredValue value)
    {
        var segment = GetSegment(RecordCodec.LengthOf(value));
        return Place(segment, RecordCodec.WritePut(_buffer.AsSpan(_length), key, value));
    }

    public void Remove(NodeId key)
    {
        GetSegment(RecordCodec.RemovalLength).AddRemoval(RecordCodec.RemovalLength);
        Advance(RecordCodec.WriteRemoval(_buffer.AsSpan(_length), key));
    }

    /// <summary>Adds a put as it lies in another segment and returns its new place.</summary>
    public long Copy(RecordCodec.Record put)
    {
        var segment = GetSegment(put.Bytes.Length);
        put.Bytes.CopyTo(_buffer.AsSpan(_length));
        return Place(segment, put.Bytes.Length);
    }

    public void Flush()
    {
        if (_length > 0)
        {
            var segment = _buffer.AsSpan(0, _length);
            var number = _segments[^1].Number;
            SegmentCodec.Seal(segment, number);
            rows.Insert(number, segment);
            _length = 0;
        }
    }

    public void Clear()
    {
        _segments.Clear();
        _length = 0;
        Bytes = 0;
        LiveBytes = 0;
    }

    private long Place(Segment segment, int length)
    {
        var place = new RecordPlace(segment.Slot, _length, length);
        segment.AddPut(length);
        Advance(length);
        LiveBytes += length;
        return place.ToInt64();
    }

    // A record longer than a segment should be has one of its own.
    private Segment GetSegment(int length)
    {
        if (_length > 0 && _length + length > SegmentCodec.HeaderLength + options.SegmentBytes)
        {
            Flush();
        }

        if (_length == 0)
        {
            _segments.Add(table.Reserve(table.NextNumber + _segments.Count));
            _length = SegmentCodec.HeaderLength;
        }

        return _segments[^1];
    }

    private void Advance(int length)
    {
        _length += length;
        Bytes += length;
    }
}

// The table of segments, for one thread at a time. It uses SQLite's own statements, which take and return spans. So a segment is
// copied once when written, and not at all when read.
internal sealed class SegmentRows(SqliteConnection connection) : IDisposable
{
    private readonly sqlite3 _database = connection.Handle!;
    private readonly sqlite3_stmt _insert = connection.Handle!.Prepare("INSERT INTO segment (number, records) VALUES (?1, ?2)");
    private readonly sqlite3_stmt _delete = connection.Handle!.Prepare("DELETE FROM segment WHERE number = ?1");
    private readonly sqlite3_stmt _select = connection.Handle!.Prepare("SELECT records FROM segment WHERE number = ?1");
    private readonly sqlite3_stmt _begin = connection.Handle!.Prepare("BEGIN");
    private readonly sqlite3_stmt _end = connection.Handle!.Prepare("COMMIT");

    /// <summary>Begins several reads that see the same commit, and cost less.</summary>
    public void Begin() => _database.Run(_begin);

    public void End() => _database.Run(_end);

    public void Insert(long number, ReadOnlySpan<byte> segment)
    {
        _database.Check(raw.sqlite3_bind_int64(_insert, 1, number));
        _database.Check(raw.sqlite3_bind_blob(_insert, 2, segment));
        _database.Run(_insert);
    }

    public void Delete(long number)
    {
        _database.Check(raw.sqlite3_bind_int64(_delete, 1, number));
        _database.Run(_delete);
    }

    /// <summary>The bytes of a segment, valid until <see cref="Close"/>; none if there is no such segment.</summary>
    public ReadOnlySpan<byte> Open(long number) => TryOpen(number, out var segment) ? segment : [];

    public bool TryOpen(long number, out ReadOnlySpan<byte> segment)
    {
        _database.Check(raw.sqlite3_bind_int64(_select, 1, number));
        var result = raw.sqlite3_step(_select);
        if (result is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            _database.Check(result);
        }

        segment = result == raw.SQLITE_ROW ? raw.sqlite3_column_blob(_select, 0) : [];
        return result == raw.SQLITE_ROW;
    }

    public void Close() => raw.sqlite3_reset(_select);

    public ReadResult TryRead(RecordAddress address, NodeId key, out StoredValue? value)
    {
        value = null;
        try
        {
            return !TryOpen(address.Number, out var segment) ? ReadResult.Gone
                : IsRead(segment, address, key, ref value) ? ReadResult.Read
                : ReadResult.Damaged;
        }
        finally
        {
            Close();
        }
    }

    public void Dispose()
    {
        foreach (var statement in (ReadOnlySpan<sqlite3_stmt>)[_insert, _delete, _select, _begin, _end])
        {
            statement.Dispose();
        }
    }

    private static bool IsRead(ReadOnlySpan<byte> segment, RecordAddress address, NodeId key, ref StoredValue? value)
    {
        if (!SegmentCodec.TryOpen(segment, address.Number, out _) || address.Offset + address.Length > segment.Length)
        {
            return false;
        }

        var records = segment.Slice(address.Offset, address.Length);
        return RecordCodec.TryTake(ref records, out var record)
            && records.IsEmpty
            && !record.IsRemoval
            && record.Key == key
            && record.TryReadValue(out value!);
    }
}

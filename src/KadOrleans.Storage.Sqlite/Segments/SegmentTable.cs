namespace KadOrleans.Storage.Sqlite;

/// <summary>The segments of the file, from oldest to newest. Only the writer uses it.</summary>
internal sealed class SegmentTable
{
    private readonly List<Segment?> _slots = [];
    private readonly Stack<int> _free = [];

    public Segment? Oldest { get; private set; }

    public Segment? Newest { get; private set; }

    public int Segments { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Length of the puts that are the latest of their keys.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>Length of all records that were written since the file was opened.</summary>
    public long Written { get; private set; }

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

    /// <summary>Releases the slot of a segment that no key refers to.</summary>
    public void Release(Segment segment)
    {
        _slots[segment.Slot] = null;
        _free.Push(segment.Slot);
    }

    public void Add(Segment segment)
    {
        Insert(segment, Newest, null);
        Written += segment.Bytes;
    }

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
        Segments--;
        Bytes -= segment.Bytes;
        LiveBytes -= segment.LiveBytes;
        Release(segment);
    }

    private void Insert(Segment segment, Segment? older, Segment? newer)
    {
        Link(older, segment);
        Link(segment, newer);
        Segments++;
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

namespace KadOrleans.Storage.Sqlite.Segments;

/// <summary>The segments of the file, from oldest to newest. Only the writer uses it.</summary>
internal sealed class SegmentTable
{
    private readonly List<Segment?> _slots = [];
    private readonly Stack<int> _free = [];

    public Segment? Oldest { get; private set; }

    public Segment? Newest { get; private set; }

    public int Segments { get; private set; }

    /// <summary>Length of all records in the file.</summary>
    public long Bytes { get; private set; }

    /// <summary>Length of the puts that are the latest of their keys.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>Length of all records that were written since the file was opened.</summary>
    public long Written { get; private set; }

    /// <summary>A number above all others.</summary>
    public long NextNumber => (Newest?.Number ?? 0) + 1;

    public Segment this[int slot] => _slots[slot]!;

    /// <summary>The segment of a number; null if there is none.</summary>
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

    /// <summary>Puts a reserved segment at the end.</summary>
    public void Add(Segment segment)
    {
        segment.Older = Newest;
        if (Newest is null)
        {
            Oldest = segment;
        }
        else
        {
            Newest.Newer = segment;
        }

        Newest = segment;
        Written += segment.Bytes;
        Count(segment);
    }

    /// <summary>Puts a reserved segment at the beginning.</summary>
    public void AddOldest(Segment segment)
    {
        segment.Newer = Oldest;
        if (Oldest is null)
        {
            Newest = segment;
        }
        else
        {
            Oldest.Older = segment;
        }

        Oldest = segment;
        Count(segment);
    }

    /// <summary>Notes that puts of a segment are no longer the latest.</summary>
    public void EndCommit(Segment segment)
    {
        LiveBytes -= segment.ObsoletedBytes;
        segment.EndCommit(committed: true);
    }

    /// <summary>Removes a deleted segment.</summary>
    public void Remove(Segment segment)
    {
        if (segment.Older is null)
        {
            Oldest = segment.Newer;
        }
        else
        {
            segment.Older.Newer = segment.Newer;
        }

        if (segment.Newer is null)
        {
            Newest = segment.Older;
        }
        else
        {
            segment.Newer.Older = segment.Older;
        }

        Segments--;
        Bytes -= segment.Bytes;
        LiveBytes -= segment.LiveBytes;
        Release(segment);
    }

    private void Count(Segment segment)
    {
        Segments++;
        Bytes += segment.Bytes;
        LiveBytes += segment.LiveBytes;
    }
}

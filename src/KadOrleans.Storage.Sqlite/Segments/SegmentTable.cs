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

    /// <summary>Records that puts of a segment are no longer the latest.</summary>
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

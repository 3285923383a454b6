namespace KadOrleans.Storage.Sqlite;

internal sealed class SegmentOutput(SegmentTable table, SegmentRows rows, StorageOptions options)
{
    private readonly byte[] _buffer = new byte[SegmentCodec.HeaderLength + Math.Max(options.SegmentBytes, EntryCodec.MaxLength)];
    private readonly List<Segment> _segments = [];
    private int _length;

    public IReadOnlyList<Segment> Segments => _segments;

    public long Bytes { get; private set; }

    /// <summary>Length of the puts among them.</summary>
    public long LiveBytes { get; private set; }

    public long Put(NodeId key, StoredValue value)
    {
        var segment = GetSegment(EntryCodec.LengthOf(value));
        return Place(segment, EntryCodec.Write(_buffer.AsSpan(_length), key, value));
    }

    public void Remove(NodeId key)
    {
        GetSegment(EntryCodec.RemovalLength).AddRemoval(EntryCodec.RemovalLength);
        Advance(EntryCodec.Write(_buffer.AsSpan(_length), key, null));
    }

    /// <summary>Adds a put as it lies in another segment and returns its new place.</summary>
    public long Copy(EncodedEntry put)
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

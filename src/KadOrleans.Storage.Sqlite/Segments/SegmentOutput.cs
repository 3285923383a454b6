using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Storage.Sqlite.Format;

namespace KadOrleans.Storage.Sqlite.Segments;

/// <summary>The segments that one commit writes.</summary>
internal sealed class SegmentOutput(SegmentTable table, SegmentRows rows, LogOptions options)
{
    private readonly byte[] _buffer = new byte[SegmentCodec.HeaderLength + options.SegmentBytes + RecordCodec.MaxLength];
    private readonly List<Segment> _segments = [];
    private int _length;

    /// <summary>The segments, filled and in the file.</summary>
    public IReadOnlyList<Segment> Segments => _segments;

    /// <summary>Length of all records so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Length of the puts among them.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>Adds a put and returns the slot of its segment.</summary>
    public int Put(NodeId key, StoredValue value)
    {
        var segment = GetSegment();
        var length = RecordCodec.WritePut(_buffer.AsSpan(_length), key, value);
        segment.AddPut(length);
        Advance(length);
        LiveBytes += length;
        return segment.Slot;
    }

    /// <summary>Adds a removal.</summary>
    public void Remove(NodeId key)
    {
        var segment = GetSegment();
        var length = RecordCodec.WriteRemoval(_buffer.AsSpan(_length), key);
        segment.AddRemoval(length);
        Advance(length);
    }

    /// <summary>Copies a put of another segment and returns the slot of its new one.</summary>
    public int Copy(RecordCodec.Record put)
    {
        var segment = GetSegment();
        put.Bytes.CopyTo(_buffer.AsSpan(_length));
        segment.AddPut(put.Bytes.Length);
        Advance(put.Bytes.Length);
        LiveBytes += put.Bytes.Length;
        return segment.Slot;
    }

    /// <summary>Writes the last segment.</summary>
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

    /// <summary>Clears the list, after the table took the segments or they were dropped.</summary>
    public void Clear()
    {
        _segments.Clear();
        _length = 0;
        Bytes = 0;
        LiveBytes = 0;
    }

    private Segment GetSegment()
    {
        if (_length >= SegmentCodec.HeaderLength + options.SegmentBytes)
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

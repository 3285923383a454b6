using System.Collections.Concurrent;
using KadOrleans.Storage.Sqlite.Format;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// Takes segments from the thread that reads and checks them to the thread that indexes their keys. Each of the two takes seconds of a large
/// file. Bytes travel in blocks that are used again.
/// </summary>
internal sealed class SegmentPipe : IDisposable
{
    private const int Blocks = 4;
    private const int BlockBytes = 1 << 20;

    private readonly BlockingCollection<Block> _full = new(Blocks);
    private readonly BlockingCollection<Block> _empty = new(Blocks);
    private Block? _writing;
    private Block? _reading;
    private int _read;
    private volatile bool _isAbandoned;

    public SegmentPipe()
    {
        for (var i = 0; i < Blocks; i++)
        {
            _empty.Add(new Block());
        }
    }

    /// <summary>Adds a segment.</summary>
    public void Write(long number, ReadOnlySpan<byte> bytes)
    {
        if (_isAbandoned)
        {
            return;
        }

        var isSound = SegmentCodec.TryOpen(bytes, number, out _);
        if (_writing is not null && _writing.Length + bytes.Length > BlockBytes)
        {
            _full.Add(_writing);
            _writing = null;
        }

        _writing ??= _empty.Take();
        _writing.Add(number, bytes, isSound);
    }

    /// <summary>Nothing is added any more.</summary>
    public void Complete()
    {
        if (_writing is not null && !_isAbandoned)
        {
            _full.Add(_writing);
        }

        _full.CompleteAdding();
    }

    /// <summary>The next segment, whose bytes are valid until the next call. False if there is none.</summary>
    public bool TryRead(out ReadSegment segment)
    {
        if (_reading is not null && _read == _reading.Segments.Count)
        {
            _reading.Clear();
            _empty.Add(_reading);
            _reading = null;
        }

        segment = default;
        if (_reading is null)
        {
            if (!_full.TryTake(out _reading, Timeout.Infinite))
            {
                return false;
            }

            _read = 0;
        }

        var (number, offset, length, isSound) = _reading.Segments[_read++];
        segment = new ReadSegment(number, _reading.Bytes.AsSpan(offset, length), isSound);
        return true;
    }

    /// <summary>What is still added is dropped.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        while (_full.TryTake(out var block, Timeout.Infinite))
        {
            block.Clear();
            _empty.Add(block);
        }
    }

    public void Dispose()
    {
        _full.Dispose();
        _empty.Dispose();
    }

    private sealed class Block
    {
        private byte[] _bytes = new byte[BlockBytes];

        public byte[] Bytes => _bytes;

        public List<(long Number, int Offset, int Length, bool IsSound)> Segments { get; } = [];

        public int Length { get; private set; }

        public void Add(long number, ReadOnlySpan<byte> bytes, bool isSound)
        {
            if (Length + bytes.Length > _bytes.Length)
            {
                Array.Resize(ref _bytes, Length + bytes.Length);
            }

            bytes.CopyTo(_bytes.AsSpan(Length));
            Segments.Add((number, Length, bytes.Length, isSound));
            Length += bytes.Length;
        }

        public void Clear()
        {
            Segments.Clear();
            Length = 0;
        }
    }
}

/// <summary>A segment as it was read.</summary>
/// <param name="number">Its number.</param>
/// <param name="bytes">Its bytes.</param>
/// <param name="isSound">Whether they are what was written.</param>
internal readonly ref struct ReadSegment(long number, ReadOnlySpan<byte> bytes, bool isSound)
{
    public long Number { get; } = number;

    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public bool IsSound { get; } = isSound;

    /// <summary>What follows the header; none unless it is sound.</summary>
    public ReadOnlySpan<byte> Records => IsSound ? Bytes[SegmentCodec.HeaderLength..] : [];
}

using System.Collections.Concurrent;
using KadOrleans.Storage.Sqlite.Format;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// Takes segments from the thread that reads and checks them to the thread that indexes their keys. Each of the two takes seconds of a large
/// file. Segments travel in blocks, as to hand one over costs as much as to index some keys.
/// </summary>
internal sealed class SegmentPipe : IDisposable
{
    private const int Blocks = 4;
    private const int BlockBytes = 1 << 20;

    private readonly BlockingCollection<List<ReadSegment>> _blocks = new(Blocks);
    private readonly CancellationTokenSource _abandoned = new();
    private List<ReadSegment> _block = [];
    private int _length;

    /// <summary>Adds a segment.</summary>
    /// <exception cref="OperationCanceledException">The reader has gone.</exception>
    public void Write(long number, ReadOnlySpan<byte> bytes)
    {
        _block.Add(new ReadSegment(number, bytes.ToArray(), SegmentCodec.TryOpen(bytes, number, out _)));
        _length += bytes.Length;
        if (_length >= BlockBytes)
        {
            _blocks.Add(_block, _abandoned.Token);
            (_block, _length) = ([], 0);
        }
    }

    /// <summary>Nothing is added any more.</summary>
    public void Complete()
    {
        if (!_abandoned.IsCancellationRequested)
        {
            _blocks.Add(_block, _abandoned.Token);
        }

        _blocks.CompleteAdding();
    }

    /// <summary>The segments, as they are read.</summary>
    public IEnumerable<ReadSegment> Read() => _blocks.GetConsumingEnumerable().SelectMany(static block => block);

    /// <summary>What is still added is dropped.</summary>
    public void Abandon() => _abandoned.Cancel();

    public void Dispose()
    {
        _blocks.Dispose();
        _abandoned.Dispose();
    }
}

/// <summary>A segment as it was read.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="IsSound">Whether they are what was written.</param>
internal readonly record struct ReadSegment(long Number, byte[] Bytes, bool IsSound)
{
    /// <summary>What follows the header; none unless it is sound.</summary>
    public ReadOnlySpan<byte> Records => IsSound ? Bytes.AsSpan(SegmentCodec.HeaderLength) : [];
}

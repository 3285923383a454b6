using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Format;
using KadOrleans.Storage.Sqlite.Segments;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite.Reading;

/// <summary>Reads single records from the file. Used by one thread at a time.</summary>
internal sealed class SegmentReader(SqliteConnection connection) : IDisposable
{
    private readonly sqlite3 _database = connection.Handle!;
    private readonly SegmentRows _rows = new(connection);
    private readonly sqlite3_stmt _begin = connection.Handle!.Prepare("BEGIN");
    private readonly sqlite3_stmt _end = connection.Handle!.Prepare("COMMIT");

    /// <summary>Begins several reads that see the same commit, and cost less.</summary>
    public void Begin() => _database.Run(_begin);

    public void End() => _database.Run(_end);

    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public ReadResult TryRead(RecordAddress address, NodeId key, out StoredValue? value)
    {
        value = null;
        try
        {
            return !_rows.TryOpen(address.Number, out var segment) ? ReadResult.Gone
                : IsRead(segment, address, key, ref value) ? ReadResult.Read
                : ReadResult.Damaged;
        }
        finally
        {
            _rows.Close();
        }
    }

    public void Dispose()
    {
        _rows.Dispose();
        _begin.Dispose();
        _end.Dispose();
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

/// <summary>Where a record is in the file.</summary>
/// <param name="Number">The number of its segment.</param>
/// <param name="Offset">Its first byte in the segment.</param>
/// <param name="Length">Its length in bytes.</param>
internal readonly record struct RecordAddress(long Number, int Offset, int Length);

/// <summary>What became of a read.</summary>
internal enum ReadResult
{
    /// <summary>It was read, and is what was written.</summary>
    Read,

    /// <summary>There is no such segment: it was collected.</summary>
    Gone,

    /// <summary>The segment is not what was written.</summary>
    Damaged,
}

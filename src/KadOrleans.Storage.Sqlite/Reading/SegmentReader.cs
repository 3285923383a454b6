using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Format;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite.Reading;

/// <summary>Reads single records from the file. Used by one thread at a time.</summary>
internal sealed class SegmentReader : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _select;
    private readonly sqlite3_stmt _begin;
    private readonly sqlite3_stmt _end;

    public SegmentReader(SqliteConnection connection)
    {
        _database = connection.Handle!;
        _select = _database.Prepare("SELECT records FROM segment WHERE number = ?1");
        _begin = _database.Prepare("BEGIN");
        _end = _database.Prepare("COMMIT");
    }

    /// <summary>Begins several reads that see the same commit, and cost less.</summary>
    public void Begin() => _database.Run(_begin);

    /// <summary>Ends them.</summary>
    public void End() => _database.Run(_end);

    /// <summary>Reads a put.</summary>
    /// <param name="address">Where it should be.</param>
    /// <param name="key">Whose it should be.</param>
    /// <param name="value">Its value, if the result is <see cref="ReadResult.Read"/>.</param>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public ReadResult TryRead(RecordAddress address, NodeId key, out StoredValue? value)
    {
        value = null;
        _database.Check(raw.sqlite3_bind_int64(_select, 1, address.Number));
        try
        {
            var result = raw.sqlite3_step(_select);
            if (result == raw.SQLITE_DONE)
            {
                return ReadResult.Gone;
            }

            if (result != raw.SQLITE_ROW)
            {
                _database.Check(result);
            }

            return IsRead(raw.sqlite3_column_blob(_select, 0), address, key, ref value) ? ReadResult.Read : ReadResult.Damaged;
        }
        finally
        {
            raw.sqlite3_reset(_select);
        }
    }

    public void Dispose()
    {
        _select.Dispose();
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

using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

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
        return EntryCodec.TryTake(ref records, out var record)
            && records.IsEmpty
            && !record.IsRemoval
            && record.Key == key
            && record.TryReadValue(out value!);
    }
}

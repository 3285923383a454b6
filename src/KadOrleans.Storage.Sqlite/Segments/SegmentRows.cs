using KadOrleans.SqliteFiles;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite.Segments;

/// <summary>
/// The table of segments. It uses SQLite's own statements, which take and return spans. So a segment is copied once when written, and not
/// at all when read.
/// </summary>
internal sealed class SegmentRows : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _insert;
    private readonly sqlite3_stmt _delete;
    private readonly sqlite3_stmt _select;

    public SegmentRows(SqliteConnection connection)
    {
        _database = connection.Handle!;
        _insert = _database.Prepare("INSERT INTO segment (number, records) VALUES (?1, ?2)");
        _delete = _database.Prepare("DELETE FROM segment WHERE number = ?1");
        _select = _database.Prepare("SELECT records FROM segment WHERE number = ?1");
    }

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
    public ReadOnlySpan<byte> Open(long number)
    {
        _database.Check(raw.sqlite3_bind_int64(_select, 1, number));
        var result = raw.sqlite3_step(_select);
        if (result == raw.SQLITE_ROW)
        {
            return raw.sqlite3_column_blob(_select, 0);
        }

        _database.Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result);
        return [];
    }

    /// <summary>Releases the bytes of <see cref="Open"/>.</summary>
    public void Close() => raw.sqlite3_reset(_select);

    public void Dispose()
    {
        _insert.Dispose();
        _delete.Dispose();
        _select.Dispose();
    }
}

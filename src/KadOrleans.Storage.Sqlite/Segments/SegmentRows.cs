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
        _insert = Prepare("INSERT INTO segment (number, records) VALUES (?1, ?2)");
        _delete = Prepare("DELETE FROM segment WHERE number = ?1");
        _select = Prepare("SELECT records FROM segment WHERE number = ?1");
    }

    public void Insert(long number, ReadOnlySpan<byte> segment)
    {
        Check(raw.sqlite3_bind_int64(_insert, 1, number));
        Check(raw.sqlite3_bind_blob(_insert, 2, segment));
        Run(_insert);
    }

    public void Delete(long number)
    {
        Check(raw.sqlite3_bind_int64(_delete, 1, number));
        Run(_delete);
    }

    /// <summary>The bytes of a segment, valid until <see cref="Close"/>; none if there is no such segment.</summary>
    public ReadOnlySpan<byte> Open(long number)
    {
        Check(raw.sqlite3_bind_int64(_select, 1, number));
        var result = raw.sqlite3_step(_select);
        if (result == raw.SQLITE_ROW)
        {
            return raw.sqlite3_column_blob(_select, 0);
        }

        Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result);
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

    private sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_database, sql, out var statement));
        return statement;
    }

    // The reset lets the transaction end after a failure, and returns the failure's code again.
    private void Run(sqlite3_stmt statement)
    {
        var result = raw.sqlite3_step(statement);
        raw.sqlite3_reset(statement);
        raw.sqlite3_clear_bindings(statement);
        Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result);
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, _database);
}

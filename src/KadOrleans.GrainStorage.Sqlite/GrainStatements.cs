using KadOrleans.SqliteFiles;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>
/// Compiled statements. Only the writer's thread uses them. Rows are read and written by SQLite's own statements: commands cost as much
/// again as what SQLite does for a small row.
/// </summary>
internal sealed class GrainStatements : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _read;
    private readonly sqlite3_stmt _insert;
    private readonly sqlite3_stmt _update;
    private readonly sqlite3_stmt _delete;

    public GrainStatements(SqliteConnection connection)
    {
        _connection = connection;
        _database = connection.Handle!;
        _read = _database.Prepare("SELECT etag, payload FROM grain_state WHERE state_name = ?1 AND grain_id = ?2");
        _delete = _database.Prepare("DELETE FROM grain_state WHERE state_name = ?1 AND grain_id = ?2 AND etag = ?3");
        _insert = _database.Prepare(
            """
            INSERT INTO grain_state (state_name, grain_id, etag, payload) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (state_name, grain_id) DO NOTHING
            """);
        _update = _database.Prepare(
            "UPDATE grain_state SET etag = ?3, payload = ?4 WHERE state_name = ?1 AND grain_id = ?2 AND etag = ?5");
    }

    public GrainRow Read(GrainRowKey key)
    {
        Name(_read, key);
        try
        {
            if (raw.sqlite3_step(_read) != raw.SQLITE_ROW)
            {
                return default;
            }

            var payload = raw.sqlite3_column_type(_read, 1) == raw.SQLITE_NULL ? null : raw.sqlite3_column_blob(_read, 1).ToArray();
            return new GrainRow(raw.sqlite3_column_int64(_read, 0), payload);
        }
        finally
        {
            // Returns the code of a failed step.
            _database.Check(raw.sqlite3_reset(_read));
        }
    }

    /// <summary>The grains whose ids have this prefix. Rare, so it is compiled each time.</summary>
    public IReadOnlyList<string> ListGrains(string beginning)
    {
        using var command = _connection.PrepareCommand(
            "SELECT DISTINCT grain_id FROM grain_state WHERE substr(grain_id, 1, length($beginning)) = $beginning",
            new SqliteParameter("$beginning", beginning));
        using var reader = command.ExecuteReader();
        var grains = new List<string>();
        while (reader.Read())
        {
            grains.Add(reader.GetString(0));
        }

        return grains;
    }

    /// <summary>Inserts a row. Returns false if it exists.</summary>
    public bool TryInsert(GrainRowKey key, long etag, byte[]? payload) => TryWrite(_insert, key, etag, payload);

    /// <summary>Updates a row. Returns false if none has this ETag.</summary>
    public bool TryUpdate(GrainRowKey key, long expected, long etag, byte[]? payload)
    {
        _database.Check(raw.sqlite3_bind_int64(_update, 5, expected));
        return TryWrite(_update, key, etag, payload);
    }

    /// <summary>Deletes a row. Returns false if none has this ETag.</summary>
    public bool TryDelete(GrainRowKey key, long expected)
    {
        _database.Check(raw.sqlite3_bind_int64(_delete, 3, expected));
        return TryRun(_delete, key);
    }

    public void Dispose()
    {
        foreach (var statement in (ReadOnlySpan<sqlite3_stmt>)[_read, _insert, _update, _delete])
        {
            statement.Dispose();
        }
    }

    private bool TryWrite(sqlite3_stmt statement, GrainRowKey key, long etag, byte[]? payload)
    {
        _database.Check(raw.sqlite3_bind_int64(statement, 3, etag));
        _database.Check(payload is null ? raw.sqlite3_bind_null(statement, 4) : raw.sqlite3_bind_blob(statement, 4, payload));
        return TryRun(statement, key);
    }

    private bool TryRun(sqlite3_stmt statement, GrainRowKey key)
    {
        Name(statement, key);
        _database.Run(statement);
        return raw.sqlite3_changes(_database) == 1;
    }

    private void Name(sqlite3_stmt statement, GrainRowKey key)
    {
        _database.Check(raw.sqlite3_bind_text(statement, 1, key.StateName));
        _database.Check(raw.sqlite3_bind_text(statement, 2, key.GrainId));
    }
}

/// <summary>The key of a row: a state's name and its grain.</summary>
internal readonly record struct GrainRowKey(string StateName, string GrainId)
{
    public override string ToString() => $"{StateName} of {GrainId}";
}

/// <summary>A row's content.</summary>
/// <param name="ETag">Random for each write. Null if there is no row.</param>
/// <param name="Payload">The serialized state; null if there is none.</param>
internal readonly record struct GrainRow(long? ETag, byte[]? Payload);

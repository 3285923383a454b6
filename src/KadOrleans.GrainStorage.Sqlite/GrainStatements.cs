using Microsoft.Data.Sqlite;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>Compiled statements. Only the writer's thread uses them.</summary>
internal sealed class GrainStatements(SqliteConnection connection) : IDisposable
{
    private readonly SqliteCommand _read = Prepare(
        connection, "SELECT etag, payload FROM grain_state WHERE state_name = $name AND grain_id = $grain");

    private readonly SqliteCommand _insert = Prepare(
        connection,
        """
        INSERT INTO grain_state (state_name, grain_id, etag, payload) VALUES ($name, $grain, $etag, $payload)
        ON CONFLICT (state_name, grain_id) DO NOTHING
        """,
        new SqliteParameter("$etag", SqliteType.Integer),
        new SqliteParameter("$payload", SqliteType.Blob));

    private readonly SqliteCommand _update = Prepare(
        connection,
        """
        UPDATE grain_state SET etag = $etag, payload = $payload
        WHERE state_name = $name AND grain_id = $grain AND etag = $expected
        """,
        new SqliteParameter("$etag", SqliteType.Integer),
        new SqliteParameter("$payload", SqliteType.Blob),
        new SqliteParameter("$expected", SqliteType.Integer));

    private readonly SqliteCommand _delete = Prepare(
        connection,
        "DELETE FROM grain_state WHERE state_name = $name AND grain_id = $grain AND etag = $expected",
        new SqliteParameter("$expected", SqliteType.Integer));

    public GrainRow Read(GrainRowKey key)
    {
        Name(_read, key);
        using var reader = _read.ExecuteReader();
        return reader.Read()
            ? new GrainRow(reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetFieldValue<byte[]>(1))
            : default;
    }

    /// <summary>The grains of a type that have a stored state. Rare, so it is compiled each time.</summary>
    public IReadOnlyList<string> ListGrains(string type)
    {
        using var command = connection.PrepareCommand(
            "SELECT DISTINCT grain_id FROM grain_state WHERE substr(grain_id, 1, length($beginning)) = $beginning",
            new SqliteParameter("$beginning", $"{type}/"));
        using var reader = command.ExecuteReader();
        var grains = new List<string>();
        while (reader.Read())
        {
            grains.Add(reader.GetString(0));
        }

        return grains;
    }

    public bool TryInsert(GrainRowKey key, long etag, byte[]? payload) => TryWrite(_insert, key, etag, payload);

    public bool TryUpdate(GrainRowKey key, long expected, long etag, byte[]? payload)
    {
        _update.Parameters[4].Value = expected;
        return TryWrite(_update, key, etag, payload);
    }

    public bool TryDelete(GrainRowKey key, long expected)
    {
        Name(_delete, key);
        _delete.Parameters[2].Value = expected;
        return _delete.ExecuteNonQuery() == 1;
    }

    public void Dispose()
    {
        foreach (var command in (ReadOnlySpan<SqliteCommand>)[_read, _insert, _update, _delete])
        {
            command.Dispose();
        }
    }

    private static bool TryWrite(SqliteCommand command, GrainRowKey key, long etag, byte[]? payload)
    {
        Name(command, key);
        command.Parameters[2].Value = etag;
        command.Parameters[3].Value = (object?)payload ?? DBNull.Value;
        try
        {
            return command.ExecuteNonQuery() == 1;
        }
        finally
        {
            // Releases the last payload, which may have megabytes, before the next write.
            command.Parameters[3].Value = DBNull.Value;
        }
    }

    private static void Name(SqliteCommand command, GrainRowKey key)
    {
        command.Parameters[0].Value = key.StateName;
        command.Parameters[1].Value = key.GrainId;
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, params ReadOnlySpan<SqliteParameter> more) =>
        connection.PrepareCommand(sql, [new("$name", SqliteType.Text), new("$grain", SqliteType.Text), .. more]);
}

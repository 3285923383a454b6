using KadOrleans.Sqlite;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Silo.Storage;

/// <summary>The statements that run often, compiled once. Only the writer's thread uses them.</summary>
internal sealed class GrainStatements : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _read;
    private readonly SqliteCommand _readETag;
    private readonly SqliteCommand _write;
    private readonly SqliteCommand _delete;

    public GrainStatements(SqliteConnection connection)
    {
        _connection = connection;
        _read = PrepareForRow("SELECT etag, payload FROM grain_state WHERE state_name = $name AND grain_id = $grain");
        _readETag = PrepareForRow("SELECT etag FROM grain_state WHERE state_name = $name AND grain_id = $grain");
        _delete = PrepareForRow("DELETE FROM grain_state WHERE state_name = $name AND grain_id = $grain");
        _write = PrepareForRow(
            """
            INSERT INTO grain_state (state_name, grain_id, etag, payload) VALUES ($name, $grain, $etag, $payload)
            ON CONFLICT (state_name, grain_id) DO UPDATE SET etag = excluded.etag, payload = excluded.payload
            """,
            new SqliteParameter("$etag", SqliteType.Integer),
            new SqliteParameter("$payload", SqliteType.Blob));
    }

    public GrainRow Read(GrainRowKey key)
    {
        Name(_read, key);
        using var reader = _read.ExecuteReader();
        return reader.Read()
            ? new GrainRow(reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetFieldValue<byte[]>(1))
            : default;
    }

    /// <summary>The grains whose ids begin so. Rare enough to be compiled each time.</summary>
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

    public long? ReadETag(GrainRowKey key)
    {
        Name(_readETag, key);
        return (long?)_readETag.ExecuteScalar();
    }

    public void Write(GrainRowKey key, long etag, byte[]? payload)
    {
        Name(_write, key);
        _write.Parameters[2].Value = etag;
        _write.Parameters[3].Value = (object?)payload ?? DBNull.Value;
        try
        {
            _write.ExecuteNonQuery();
        }
        finally
        {
            // The last state written, maybe megabytes of it, must not stay in memory until the next one.
            _write.Parameters[3].Value = DBNull.Value;
        }
    }

    public void Delete(GrainRowKey key)
    {
        Name(_delete, key);
        _delete.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (var command in (ReadOnlySpan<SqliteCommand>)[_read, _readETag, _write, _delete])
        {
            command.Dispose();
        }
    }

    private static void Name(SqliteCommand command, GrainRowKey key)
    {
        command.Parameters[0].Value = key.StateName;
        command.Parameters[1].Value = key.GrainId;
    }

    private SqliteCommand PrepareForRow(string sql, params ReadOnlySpan<SqliteParameter> more) => _connection.PrepareCommand(
        sql, [new SqliteParameter("$name", SqliteType.Text), new SqliteParameter("$grain", SqliteType.Text), .. more]);
}

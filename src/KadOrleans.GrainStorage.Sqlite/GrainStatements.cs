using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>Compiled statements. Only the writer's thread uses them.</summary>
internal sealed class GrainStatements : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _read;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _delete;

    public GrainStatements(SqliteConnection connection)
    {
        _connection = connection;
        _read = PrepareForRow("SELECT etag, payload FROM grain_state WHERE state_name = $name AND grain_id = $grain");
        _delete = PrepareForRow(
            "DELETE FROM grain_state WHERE state_name = $name AND grain_id = $grain AND etag = $expected",
            new SqliteParameter("$expected", SqliteType.Integer));
        _insert = PrepareForRow(
            """
            INSERT INTO grain_state (state_name, grain_id, etag, payload) VALUES ($name, $grain, $etag, $payload)
            ON CONFLICT (state_name, grain_id) DO NOTHING
            """,
            new SqliteParameter("$etag", SqliteType.Integer),
            new SqliteParameter("$payload", SqliteType.Blob));
        _update = PrepareForRow(
            """
            UPDATE grain_state SET etag = $etag, payload = $payload
            WHERE state_name = $name AND grain_id = $grain AND etag = $expected
            """,
            new SqliteParameter("$etag", SqliteType.Integer),
            new SqliteParameter("$payload", SqliteType.Blob),
            new SqliteParameter("$expected", SqliteType.Integer));
    }

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
        using var command = _connection.PrepareCommand(
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

    private SqliteCommand PrepareForRow(string sql, params ReadOnlySpan<SqliteParameter> more) => _connection.PrepareCommand(
        sql, [new SqliteParameter("$name", SqliteType.Text), new SqliteParameter("$grain", SqliteType.Text), .. more]);
}

internal readonly record struct GrainRowKey(string StateName, string GrainId)
{
    public override string ToString() => $"{StateName} of {GrainId}";
}

/// <summary>A row's content: an ETag, null if there is no row, and the serialized state, null if there is none.</summary>
internal readonly record struct GrainRow(long? ETag, byte[]? Payload);

// Writes or deletes one row if its ETag is the expected one. ETags are random and never recur, so a writer from before a deletion
// gets a conflict. Without an expected ETag there must be no row. A null payload leaves a row without content.
internal sealed class GrainWrite(GrainRowKey key, string? expected, byte[]? payload, bool deletes = false)
    : DatabaseOperation<GrainStatements, long?>
{
    private readonly string? _expected = string.IsNullOrEmpty(expected) ? null : expected;
    private InconsistentStateException? _conflict;

    public override int Size => payload?.Length ?? 0;

    public override void Run(GrainStatements context)
    {
        var etag = NewETag();
        if (TryRun(context, etag))
        {
            Result = deletes ? null : etag;
            return;
        }

        var stored = context.Read(key).ETag;
        _conflict = new InconsistentStateException(
            $"The state {key} was written by another since it was read.", stored is { } tag ? Text(tag) : null, _expected);
    }

    public override void Complete()
    {
        if (_conflict is null)
        {
            base.Complete();
        }
        else
        {
            Fail(_conflict);
        }
    }

    public static string Text(long etag) => etag.ToString("x16", CultureInfo.InvariantCulture);

    private bool TryRun(GrainStatements statements, long etag)
    {
        if (_expected is null)
        {
            // Deleting a row that was never written succeeds.
            return deletes ? statements.Read(key).ETag is null : statements.TryInsert(key, etag, payload);
        }

        return long.TryParse(_expected, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var tag)
            && (deletes ? statements.TryDelete(key, tag) : statements.TryUpdate(key, tag, etag, payload));
    }

    private static long NewETag()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }
}

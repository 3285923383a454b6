using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>The database file of grain state, locked for this process, and the only reader and writer of it.</summary>
internal sealed class GrainDatabase : GroupCommit<GrainStatements>
{
    public const string FileName = "kad-grains.db";

    /// <summary>How many operations may wait. A grain has few at a time, so this is room for many grains.</summary>
    private const int QueueCapacity = 4096;

    /// <summary>The approximate bytes of one transaction, unless a single write has more. It bounds the log and the latency.</summary>
    private const int MaxBatchBytes = 32 * 1024 * 1024;

    private readonly DatabaseFile _file;
    private readonly ILogger _logger;

    private GrainDatabase(DatabaseFile file, ILogger logger)
        : base(file, QueueCapacity, MaxBatchBytes, logger)
    {
        (_file, _logger) = (file, logger);
        Context = new GrainStatements(file.Connection);
        Start();
    }

    protected override GrainStatements Context { get; }

    // Opens the database in a folder, creates what is missing, and checks the whole file. A refused file is not changed by a
    // byte. Errors name the setting of the folder, if there is one. GrainDatabaseException: the folder or the file cannot be
    // used.
    public static GrainDatabase Open(string folder, string? folderSetting, ILogger logger)
    {
        var states = 0L;
        var file = DatabaseFile.Open(
            folder, CreateKind(folderSetting), opened => states = opened.Connection.QueryInteger("SELECT count(*) FROM grain_state"));
        GrainStorageLog.Opened(logger, file.Path, states);
        return new GrainDatabase(file, logger);
    }

    protected override void Write(List<DatabaseOperation<GrainStatements>> batch) => batch.RemoveAll(write => !TryRun(write));

    /// <summary>Moves the log into the file and closes it. One file is left.</summary>
    protected override void Close()
    {
        Context.Dispose();
        _file.Dispose();
        GrainStorageLog.Closed(_logger, _file.Path);
    }

    protected override Exception Closed() => new GrainDatabaseException($"'{_file.Path}' is closed: the silo stops.");

    // A state may have megabytes, so its row has a rowid: the index then holds keys alone.
    private static DatabaseKind CreateKind(string? folderSetting) => new()
    {
        FileName = FileName,

        // "KadG" in ASCII.
        ApplicationId = 0x4B616447,
        Version = 1,
        Layout = """
            CREATE TABLE grain_state (
                state_name TEXT NOT NULL,
                grain_id TEXT NOT NULL,
                etag INTEGER NOT NULL,
                payload BLOB,
                PRIMARY KEY (state_name, grain_id)
            );
            """,

        // Holds the pages that shards write next. With SQLite's default of 2 MB nearly each write read a page first. Nearly each commit
        // looks through the whole cache, so a larger one costs more.
        CacheKiB = 16 * 1024,
        Owner = "silo",
        FolderSetting = folderSetting is null ? string.Empty : $" with {folderSetting}",
        FreshStart = "start an empty cluster",
        Fault = (message, cause) => new GrainDatabaseException(message, cause),
    };
}

/// <summary>The file of the grain state cannot be opened, read or written. The message is a sentence that says what to do.</summary>
[GenerateSerializer]
[Alias("kad.GrainDatabaseException")]
public sealed class GrainDatabaseException : Exception
{
    /// <summary>An unexplained failure.</summary>
    public GrainDatabaseException()
    {
    }

    /// <summary>A failure and what to do about it.</summary>
    public GrainDatabaseException(string message)
        : base(message)
    {
    }

    /// <summary>A failure, what to do about it, and its cause.</summary>
    public GrainDatabaseException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The grain storage's log messages: docs/telemetry.md, Events.</summary>
internal static partial class GrainStorageLog
{
    [LoggerMessage(7100, LogLevel.Information, "Opened {Path}: {States} grain states")]
    public static partial void Opened(ILogger logger, string path, long states);

    [LoggerMessage(7104, LogLevel.Information, "Closed {Path}")]
    public static partial void Closed(ILogger logger, string path);
}

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

internal readonly record struct GrainRowKey(string StateName, string GrainId);

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
            $"The state {key.StateName} of {key.GrainId} was written by another since it was read.",
            stored is { } tag ? Text(tag) : null,
            _expected);
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

using KadOrleans.SqliteFiles;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>The database file of grain state, locked for this process.</summary>
internal sealed class GrainDatabase : IAsyncDisposable
{
    /// <summary>Name of the file in its folder.</summary>
    public const string FileName = "kad-grains.db";

    private readonly DatabaseFile _file;
    private readonly ILogger _logger;
    private readonly Lazy<Task> _closing;

    private GrainDatabase(DatabaseFile file, ILogger logger)
    {
        _file = file;
        _logger = logger;
        _closing = new Lazy<Task>(CloseAsync);
        Writer = new GrainWriter(file, logger);
    }

    /// <summary>Full path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>The only connection, which the writer owns.</summary>
    internal SqliteConnection Connection => _file.Connection;

    /// <summary>The one user of the connection.</summary>
    internal GrainWriter Writer { get; }

    /// <summary>
    /// Opens the database in a folder, creates what is missing, and checks the whole file. A refused file is not changed by a byte.
    /// </summary>
    /// <param name="folder">Relative to the current folder or absolute.</param>
    /// <param name="folderSetting">The setting of the folder, for errors; null if there is none.</param>
    /// <param name="logger">Logs openings and failures.</param>
    /// <exception cref="GrainDatabaseException">
    /// The folder is unusable or in use; the file is no database, another application's, newer than this release, or damaged.
    /// </exception>
    public static GrainDatabase Open(string folder, string? folderSetting, ILogger logger)
    {
        var states = 0L;
        var file = DatabaseFile.Open(
            folder, CreateKind(folderSetting), opened => states = opened.Connection.QueryInteger("SELECT count(*) FROM grain_state"));
        GrainStorageLog.Opened(logger, file.Path, states);
        return new GrainDatabase(file, logger);
    }

    /// <summary>Reads the committed row of a state.</summary>
    /// <exception cref="GrainDatabaseException">The row cannot be read.</exception>
    public Task<GrainRow> ReadAsync(GrainRowKey key) => Writer.RunAsync(new GrainRead(key));

    /// <summary>Lists the grains of a type that have a stored state.</summary>
    /// <exception cref="GrainDatabaseException">They cannot be read.</exception>
    public async Task<IReadOnlyList<GrainId>> ListAsync(GrainType type) =>
        [.. (await Writer.RunAsync(new GrainListRead(type.ToString()!))).Select(id => GrainId.Parse(id))];

    /// <summary>Writes a row, and returns its ETag once it is durable. Null if the row was deleted.</summary>
    /// <exception cref="GrainDatabaseException">The row cannot be written; it is unchanged.</exception>
    /// <exception cref="Orleans.Storage.InconsistentStateException">The row has another ETag.</exception>
    public Task<long?> WriteAsync(GrainWrite write) => Writer.RunAsync(write);

    /// <summary>Finishes queued operations, moves the log into the file and closes it. One file is left.</summary>
    public async ValueTask DisposeAsync() => await _closing.Value;

    private async Task CloseAsync()
    {
        try
        {
            await Writer.DisposeAsync();
        }
        finally
        {
            _file.Dispose();
            GrainStorageLog.Closed(_logger, Path);
        }
    }

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
        AlteredLayout = "its table is missing or altered",
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

/// <summary>The grain storage's log messages. Event ids 7100 to 7199.</summary>
internal static partial class GrainStorageLog
{
    [LoggerMessage(7100, LogLevel.Information, "Opened {Path}: {States} grain states")]
    public static partial void Opened(ILogger logger, string path, long states);

    [LoggerMessage(7104, LogLevel.Information, "Closed {Path}")]
    public static partial void Closed(ILogger logger, string path);
}

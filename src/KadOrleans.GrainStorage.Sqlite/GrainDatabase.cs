using Microsoft.Extensions.Logging;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>The database file of grain state, locked for this process, and the only reader and writer of it.</summary>
internal sealed class GrainDatabase : GroupCommit<GrainStatements>
{
    public const string FileName = SqliteDatabase.GrainsFileName;

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
        Other = (SqliteDatabase.FileName, "node"),
        FolderSetting = folderSetting is null ? string.Empty : $" with {folderSetting}",
        FreshStart = "start an empty cluster",
        Fault = (message, cause) => new GrainDatabaseException(message, cause),
    };
}

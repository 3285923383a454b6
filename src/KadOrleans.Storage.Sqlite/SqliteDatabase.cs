using System.Threading.Channels;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Sqlite;
using KadOrleans.Storage.Sqlite.Format;
using KadOrleans.Storage.Sqlite.Loading;
using KadOrleans.Storage.Sqlite.Segments;
using KadOrleans.Storage.Sqlite.Writing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// A node's data file, open for this process alone. <see cref="SqliteKeyStore"/> and
/// <see cref="SqliteNodeStateStore"/> share one. Everything in it is held in memory too, within the quotas, so only
/// writes touch the disk. Whoever opened it disposes it, after the stores.
/// </summary>
public sealed class SqliteDatabase : IAsyncDisposable
{
    /// <summary>Name of the file in the data folder.</summary>
    public const string FileName = "kad.db";

    /// <summary>Publications taken where nothing else is said.</summary>
    public const int DefaultMaxPublications = 10_000;

    private readonly DatabaseFile _file;
    private readonly ILogger _logger;
    private readonly Lazy<Task> _closing;

    private SqliteDatabase(DatabaseFile file, LoadedDatabase loaded, LogOptions options, ILogger logger)
    {
        _file = file;
        _logger = logger;
        _closing = new Lazy<Task>(CloseAsync);
        Publications = loaded.Publications;
        Memory = loaded.Values;
        Segments = loaded.Segments;
        Writer = new BatchWriter(file, loaded, options, logger);
    }

    /// <summary>Full path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>Keys that are held.</summary>
    public long Keys => Memory.GetUsage().Keys;

    /// <summary>The only connection; it belongs to the writer.</summary>
    internal SqliteConnection Connection => _file.Connection;

    /// <summary>What is committed.</summary>
    internal ValueMemory Memory { get; }

    /// <summary>What is published, as it is committed.</summary>
    internal PublicationMemory Publications { get; }

    /// <summary>The segments of the file; they belong to the writer.</summary>
    internal SegmentTable Segments { get; }

    /// <summary>The one writer of the file.</summary>
    internal BatchWriter Writer { get; }

    /// <summary>Whether closing has begun.</summary>
    internal bool IsClosed => _closing.IsValueCreated;

    /// <summary>
    /// Opens the database in a folder, creating both if they are missing, checks the whole file and loads it. A file
    /// that is refused stays as it is, to the byte.
    /// </summary>
    /// <param name="folder">The data folder, relative to the current one or absolute.</param>
    /// <param name="quota">How much is taken from now on. What the file holds is loaded even beyond it.</param>
    /// <param name="logger">Where failures of writing are logged; null logs nowhere.</param>
    /// <param name="maxPublications">How many publications are taken, in the same way.</param>
    /// <exception cref="KeyStoreException">
    /// The folder is unusable or in use; the file is no database, another application's, newer than this release, or
    /// damaged. The message names it and says what to do.
    /// </exception>
    public static SqliteDatabase Open(
        string folder, StoreQuota quota, ILogger<SqliteDatabase>? logger = null, int maxPublications = DefaultMaxPublications) =>
        Open(folder, quota, maxPublications, new LogOptions(), (ILogger?)logger ?? NullLogger.Instance);

    /// <summary>The same with other sizes of the log.</summary>
    internal static SqliteDatabase Open(string folder, StoreQuota quota, int maxPublications, LogOptions options, ILogger logger)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(quota);
        LoadedDatabase? loaded = null;
        var file = DatabaseFile.Open(
            folder,
            DatabaseSchema.CreateKind(logger),
            opened => loaded = LoadedDatabase.Read(opened, quota, maxPublications));
        var usage = loaded!.Values.GetUsage();
        StorageLog.Opened(logger, file.Path, usage.Keys, usage.Bytes);
        return new SqliteDatabase(file, loaded, options, logger);
    }

    /// <summary>Finishes what is queued, moves the log into the file and closes it; one file is left.</summary>
    public async ValueTask DisposeAsync() => await _closing.Value;

    /// <summary>Queues a write, waiting for room, and waits until it is committed.</summary>
    /// <exception cref="KeyStoreException">It failed.</exception>
    internal async Task<TResult> WriteAsync<TResult>(ResultWrite<TResult> write, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        try
        {
            await Writer.EnqueueAsync(write, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            // Closing began after the check above.
            throw new ObjectDisposedException(nameof(SqliteDatabase));
        }

        return await write.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Waits until every write that is queued now is committed or has failed.</summary>
    internal async Task FlushAsync()
    {
        if (IsClosed)
        {
            await _closing.Value;
            return;
        }

        var flush = new FlushWrite();
        try
        {
            await Writer.EnqueueAsync(flush, CancellationToken.None);
        }
        catch (ChannelClosedException)
        {
            // Closing flushes too.
            await _closing.Value;
            return;
        }

        await flush.Task;
    }

    private async Task CloseAsync()
    {
        try
        {
            await Writer.StopAsync();
        }
        finally
        {
            // The last connection to close moves the log into the file and deletes it.
            _file.Dispose();
            StorageLog.Closed(_logger, Path);
        }
    }
}

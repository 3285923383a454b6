using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Storage.Sqlite;

// A node's data file, locked for this process. The stores of keys, publications and node state share one. Memory has an index of
// its keys, a cache of their values, and all publications and contacts. The caller that opened it disposes it, after the stores.
internal sealed class SqliteDatabase : IAsyncDisposable
{
    public const string FileName = "kad.db";

    /// <summary>The name of a silo's file of grain state.</summary>
    public const string GrainsFileName = "kad-grains.db";

    private readonly DatabaseFile _file;
    private readonly ReaderWriterLockSlim _restarts = new();
    private readonly ILogger _logger;
    private readonly Lazy<Task> _closing;
    private readonly DamageReport? _damage;

    private readonly ITimer _timer;

    private SqliteDatabase(
        DatabaseFile file, LoadedDatabase loaded, MovedTimeTable times, DamageReport? damage, ILogger logger, TimeProvider time)
    {
        (_damage, _file, _logger) = (damage, file, logger);
        _closing = new Lazy<Task>(CloseAsync);
        (Publications, Values, Segments, Clock) = (loaded.Publications, loaded.Values, loaded.Segments, loaded.Clock);
        Writer = new SegmentWriter(file, loaded, times, damage?.LostKeys ?? [], _restarts, logger);
        Reads = new ColdReads(Values, file, _restarts, Writer.Repair);
        _timer = time.CreateTimer(
            static writer => ((SegmentWriter)writer!).SaveTimes(), Writer, MovedTimeTable.Pause, MovedTimeTable.Pause);
    }

    public string Path => _file.Path;

    public long Keys => Values.GetUsage().Keys;

    // The damage found when the file was opened: what is missing, where the damaged bytes are, how many keys are left. Null if
    // the file was sound.
    public string? Damage => _damage?.Sentence;

    /// <summary>
    /// Keys whose values were in damaged parts of the file, as far as the keys were readable. One that was stored or removed since then
    /// misses nothing.
    /// </summary>
    public IReadOnlyList<NodeId> LostKeys => [.. Writer.Lost.Keys];

    /// <summary>Why the file cannot be written now, in one sentence. Null while writing works.</summary>
    public string? Problem =>
        Writer.Problem ?? (!IsClosed && _file.FindDisplaced() is { } displaced ? _file.Folder.Displaced(displaced).Message : null);

    internal ColdReads Reads { get; }

    internal SqliteConnection Connection => _file.Connection;

    internal KeptValues Values { get; }

    internal ConcurrentDictionary<NodeId, Publication> Publications { get; }

    /// <summary>What the last run that had the file knew of its clock.</summary>
    internal ClockRecord? Clock { get; }

    /// <summary>The segments of the file; they belong to the writer.</summary>
    internal SegmentTable Segments { get; }

    internal SegmentWriter Writer { get; }

    internal bool IsClosed => _closing.IsValueCreated;

    // Opens the database in a folder, creating both if they are missing, and checks the whole file. Loads it even beyond the
    // quota and the most publications. A file that is refused stays as it is, to the byte.
    public static SqliteDatabase Open(string folder, StorageOptions options, ILogger? logger = null, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        (logger, time) = (logger ?? NullLogger.Instance, time ?? TimeProvider.System);
        LoadedDatabase? loaded = null;
        var file = DatabaseFile.Open(folder, CreateKind(options), opened => loaded = new LoadedDatabase(opened, options));
        try
        {
            var damage = Repair(file, ref loaded!);
            var usage = loaded.Values.GetUsage();
            StorageLog.Opened(logger, file.Path, usage.Keys, usage.Bytes);
            if (damage is not null)
            {
                StorageLog.Damaged(logger, damage.Sentence);
            }

            var times = new MovedTimeTable(file, options.RepublishInterval, time, logger);
            times.Load(loaded.Values.Shard);
            return new SqliteDatabase(file, loaded, times, damage, logger, time);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Finishes queued writes, moves the log into the file and closes it. One file is left.</summary>
    public async ValueTask DisposeAsync() => await _closing.Value;

    /// <summary>Queues a write, waiting for room, and waits until it is committed.</summary>
    internal Task<TResult> WriteAsync<TResult>(
        Func<SegmentWriter, TResult> write, CancellationToken cancellationToken, Func<TResult?, TResult>? onFailure = null)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return Writer.RunAsync(new FunctionOperation<SegmentWriter, TResult>(write, onFailure), cancellationToken);
    }

    /// <summary>Reads a value that memory need not have, for a scan: the cache need not keep it.</summary>
    internal ValueTask<StoredValue?> ReadAsync(NodeId key, DateTimeOffset now) => _file.Readers.Count > 0
        ? Reads.ReadAsync(key, now)
        : new ValueTask<StoredValue?>(Writer.RunAsync(new FunctionOperation<SegmentWriter, StoredValue?>(writer => writer.Read(key, now), isWrite: false)));

    /// <summary>The same for a key that was looked up just now, whose value the cache may keep.</summary>
    internal ValueTask<StoredValue?> ReadAsync(in HeldKey held, RecordAddress address, DateTimeOffset now) => _file.Readers.Count > 0
        ? Reads.ReadAsync(held, address, now)
        : ReadAsync(held.Key, now);

    /// <summary>Waits until every write that is queued now is committed or has failed.</summary>
    internal async Task FlushAsync()
    {
        try
        {
            await Writer.RunAsync(new FunctionOperation<SegmentWriter, bool>(_ => true, onFailure: _ => false));
        }
        catch (ObjectDisposedException)
        {
            // Closing flushes too.
            await _closing.Value;
        }
    }

    // Damaged parts are removed from the file before anything is written to it, and the rest is loaded again.
    private static DamageReport? Repair(DatabaseFile file, ref LoadedDatabase loaded)
    {
        if (loaded.Damage is not { } damage || (!damage.IsAny && file.Rebuilt is null))
        {
            return null;
        }

        string? aside = null;
        if (damage.IsAny)
        {
            try
            {
                aside = new DamageRepair(file, damage).Run(loaded.State);
            }
            catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
            {
                throw file.Folder.Unwritable(exception);
            }
            catch (DamagedDatabaseException exception)
            {
                throw file.Folder.Damaged(exception.Message);
            }

            loaded = new LoadedDatabase(file, loaded.Options with { RefusesDamage = true });
        }

        // The id's row was lost with the damaged structure.
        damage.Id |= file.Rebuilt is not null && loaded.State is null;
        var values = loaded.Values;
        NodeId[] lost = [.. damage.Records.Keys.Where(key => !values.Shard.TryFind(key, out _))];
        return DamageReport.Create(file.Path, damage, file.Rebuilt, aside, lost, values.GetUsage().Keys);
    }

    // Values are looked up in memory, so the file has them in a log of segments, without an index. Times are milliseconds since
    // 1970 UTC. A source is its two numbers in 16 bytes. An address has 16 bytes of IPv6 or IPv6-mapped form, and an id 20 bytes.
    // All are big-endian.
    // Of a contact: when it entered the table and last answered, if that was noted, and whether the table has lost it.
    private static DatabaseKind CreateKind(StorageOptions options) => new()
    {
        Salvage = options.RefusesDamage ? null : RowSalvage.Copy,
        FileName = FileName,

        // "KadO" in ASCII.
        ApplicationId = 0x4B61644F,
        Version = 6 + StoredValueCodec.Version,
        Layout = """
            CREATE TABLE segment (
                number INTEGER NOT NULL PRIMARY KEY,
                records BLOB NOT NULL
            );
            CREATE TABLE node (
                id BLOB NOT NULL
            );
            CREATE TABLE contact (
                position INTEGER NOT NULL PRIMARY KEY,
                id BLOB NOT NULL,
                address BLOB NOT NULL,
                port INTEGER NOT NULL,
                first_seen INTEGER,
                last_seen INTEGER,
                is_former INTEGER NOT NULL DEFAULT 0
            );
            CREATE TABLE publication (
                key BLOB NOT NULL PRIMARY KEY,
                published_at INTEGER NOT NULL,
                value BLOB NOT NULL,
                is_pending INTEGER NOT NULL,
                version INTEGER NOT NULL,
                call_id INTEGER NOT NULL
            ) WITHOUT ROWID;
            CREATE TABLE version (
                place INTEGER NOT NULL PRIMARY KEY,
                last INTEGER NOT NULL
            );
            """,
        CacheKiB = 16384,
        Readers = options.Readers,
        Owner = "node",
        Other = (GrainsFileName, "silo"),
        FreshStart = "start without stored keys",
        Fault = (message, cause) => new KeyStoreException(message, cause!),
    };

    private async Task CloseAsync()
    {
        try
        {
            await _timer.DisposeAsync();
            await Reads.StopAsync();
            await Writer.DisposeAsync();
            _restarts.Dispose();
        }
        finally
        {
            // The last connection to close moves the log into the file and deletes it.
            _file.Dispose();
            StorageLog.Closed(_logger, Path);
        }
    }
}

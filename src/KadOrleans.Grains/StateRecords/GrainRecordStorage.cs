using System.Data.Common;
using System.Globalization;

namespace KadOrleans.Grains;

/// <summary>Named states of one grain in the silo's grain storage, each with its ETag. Each call ends within the timeout.</summary>
internal sealed class GrainRecordStorage(
    IGrainStorage storage, GrainId grain, StateVersion version, TimeProvider time, TimeSpan timeout, WriteTarget target = WriteTarget.Shard)
{
    // Reads a state. One that was never written has neither content nor ETag. InvalidOperationException: a newer release wrote it.
    public async Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class, IVersionedState, new()
    {
        var state = new GrainState<T>();
        await storage.ReadStateAsync(name, grain, state).WaitAsync(timeout, time);
        var content = state.RecordExists ? state.State : null;
        version.Check(content?.SchemaVersion ?? 0, name);
        return new StoredRecord<T>(content, state.ETag);
    }

    // Replaces the state with this ETag, or writes the first one if that is null. Sets its schema version. Returns the new ETag.
    // StorageConflictException: storage has another state. Exception: storage failed or timed out. Whether the state was written
    // is unknown.
    public async Task<string?> WriteAsync<T>(string name, T content, string? etag)
        where T : class, IVersionedState, new()
    {
        // A separate state object: a write that timed out may still set its ETag later.
        var state = new GrainState<T>(version.Stamp(content), etag) { RecordExists = etag is not null };
        var startedAt = time.GetTimestamp();
        try
        {
            await storage.WriteStateAsync(name, grain, state).WaitAsync(timeout, time);
            GrainMetrics.Wrote(target, time.GetElapsedTime(startedAt));
            return state.ETag;
        }
        catch (Exception e) when (WriteOutcome.IsConflict(e))
        {
            throw new StorageConflictException($"{name} of {grain} was written by another activation.", e);
        }
        catch
        {
            GrainMetrics.WriteFailed(target);
            throw;
        }
    }
}

internal static class WriteOutcome
{
    /// <summary>The SQLSTATE of a row that a unique index refuses (PostgreSQL: unique_violation).</summary>
    private const string UniqueViolation = "23505";

    /// <summary>Whether a write met another's: by its ETag, or, for two concurrent first writes, by the unique index.</summary>
    /// <remarks>This project's schema adds that index to Orleans' table on PostgreSQL. Orleans' provider does not know it.</remarks>
    public static bool IsConflict(Exception exception) =>
        exception is InconsistentStateException || exception.GetBaseException() is DbException { SqlState: UniqueViolation };

    /// <summary>Awaits a write. The outcome of one that fails is unknown, so the grain ends: the next call reads its state again.</summary>
    public static async Task OrEndAsync(this IGrainBase grain, Task write)
    {
        try
        {
            await write;
        }
        catch
        {
            grain.DeactivateOnIdle();
            throw;
        }
    }
}

// The schema versions of stored states. 6 is what builds of before the first release wrote last, and the first that is read. 7: values
// of shards may be marked as authored, and their sources as proven (ADR 39). A schema change raises Newest alone, and asks
// StateVersion.Written before it writes what is new; a later release line raises Oldest.
internal static class StateSchema
{
    // The oldest that this release can write, which the one before reads. A silo without a report counts as knowing this one.
    public const int Oldest = 6;

    /// <summary>The newest version that this release reads and writes, of every state.</summary>
#if KAD_NEXT_SCHEMA
    // A build for tests of upgrades. It differs from the release only in the version that it writes.
    public const int Newest = 8;
#else
    public const int Newest = 7;
#endif

    public const int Authors = 7;
}

// A stored state with the schema version that wrote it. Parts of states were classes: as records they must not include their
// parameters, or the bytes would be others.
internal interface IVersionedState
{
    int SchemaVersion { get; set; }
}

// The schema version that this silo writes: the last one that the cluster reported. It rises once every silo knows the newer
// version, and never falls. Until a silo learns of the rise it writes the older version, which all read.
internal sealed class StateVersion(IOptions<KadClusterOptions> options)
{
    private int _written = StateSchema.Oldest;

    public int Known { get; } = options.Value.StateVersion ?? StateSchema.Newest;

    /// <summary>The version to write now. Fields of later versions are left out.</summary>
    public int Written => Volatile.Read(ref _written);

    /// <summary>Notes the version of a state that was read, or that the cluster reported. Such a version is one that all silos know.</summary>
    /// <exception cref="InvalidOperationException">A newer release wrote the state.</exception>
    internal void Check(int version, string stateName)
    {
        if (version > StateSchema.Newest)
        {
            throw new InvalidOperationException(
                $"The stored state {stateName} has schema version {version}, and this release knows versions up to {StateSchema.Newest}: run the release that wrote it, or a newer one.");
        }

        for (var written = Written; version > written; written = Written)
        {
            Interlocked.CompareExchange(ref _written, version, written);
        }
    }

    internal T Stamp<T>(T state)
        where T : IVersionedState
    {
        state.SchemaVersion = Written;
        return state;
    }
}

// Some providers identify rows by state name and grain key, without the grain's type: no two kinds of grain share a name.
internal static class StateNames
{
    public const string Cluster = "kad-cluster";

    public const string EdgeDirectory = "kad-edges";

    public const string RoutingTable = "kad-table";

    public const string Rules = "kad-rules";

    public const string Limits = "kad-limits";

    public static string Crawl(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-crawl-{slot:d2}");

    public static string CrawlPage(int slot, int page) => string.Create(CultureInfo.InvariantCulture, $"kad-crawl-{slot:d2}-page-{page:d6}");

    public static string AuditPage(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-audit-{slot:d3}");
}

/// <summary>The records of a shard as states of its grain, which keep their names and forms.</summary>
internal sealed class ShardRecordStorage(GrainRecordStorage states) : IRecordStorage
{
    public const int MaxRecordBytes = BatchWriter.MaxRecordBytes;

    public async Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class
    {
        object read = typeof(T) == typeof(LogRecord) ? await ReadAsync(name, (ShardLogState state) => state.ToRecord())
            : typeof(T) == typeof(PageRecord) ? await ReadAsync(name, (ShardPageState state) => state.ToRecord())
            : typeof(T) == typeof(PageKeysRecord) ? await ReadAsync(name, (ShardPageKeysState state) => state.ToRecord())
            : await ReadAsync(name, (ShardManifestState state) => state.ToRecord());
        return (StoredRecord<T>)read;
    }

    // Grain storage takes one state a call, and may put calls that arrive together into one transaction.
    public IReadOnlyList<Task<string?>> WriteAsync(IReadOnlyList<RecordWrite> writes) => [.. writes.Select(WriteAsync)];

    private Task<string?> WriteAsync(RecordWrite write) => write.Content switch
    {
        LogRecord record => states.WriteAsync(write.Name, ShardLogState.Of(record), write.ETag),
        PageRecord record => states.WriteAsync(write.Name, ShardPageState.Of(record), write.ETag),
        PageKeysRecord record => states.WriteAsync(write.Name, ShardPageKeysState.Of(record), write.ETag),
        Manifest record => states.WriteAsync(write.Name, ShardManifestState.Of(record), write.ETag),
        _ => throw new ArgumentException($"{write.Name} is no record of a shard.", nameof(write)),
    };

    private async Task<StoredRecord<TRecord>> ReadAsync<TState, TRecord>(string name, Func<TState, TRecord> toRecord)
        where TState : class, IVersionedState, new()
        where TRecord : class
    {
        var (state, etag) = await states.ReadAsync<TState>(name);
        return new StoredRecord<TRecord>(state is null ? null : toRecord(state), etag);
    }
}

/// <summary>A <see cref="Manifest"/> as grain storage has it.</summary>
[GenerateSerializer]
[Alias("kad.ShardManifestState")]
internal sealed class ShardManifestState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public long FirstSequence { get; set; } = 1;

    [Id(3)]
    public List<ShardPageReference> Pages { get; set; } = [];

    [Id(4)]
    public long Seal { get; set; }

    public static ShardManifestState Of(Manifest manifest) => new()
    {
        Compaction = manifest.Compaction,
        FirstSequence = manifest.FirstSequence,
        Pages = [.. manifest.Pages.Select(page => new ShardPageReference(page.Number, page.Compaction))],
        Seal = manifest.Seal,
    };

    public Manifest ToRecord() => new()
    {
        Compaction = Compaction,
        FirstSequence = FirstSequence,
        Pages = [.. Pages.Select(page => new PageReference(page.Slot, page.Compaction))],
        Seal = Seal,
    };
}

/// <summary>A <see cref="PageReference"/>, in the same way; its number is called slot.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.ShardPageReference")]
internal sealed record ShardPageReference([property: Id(0)] int Slot, [property: Id(1)] long Compaction);

[GenerateSerializer]
[Alias("kad.ShardPageState")]
internal sealed class ShardPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public byte[] Entries { get; set; } = [];

    public static ShardPageState Of(PageRecord record) => new() { Compaction = record.Compaction, Entries = record.Entries };

    public PageRecord ToRecord() => new() { Compaction = Compaction, Entries = Entries };
}

[GenerateSerializer]
[Alias("kad.ShardPageKeysState")]
internal sealed class ShardPageKeysState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public int PageBytes { get; set; }

    [Id(3)]
    public byte[] Entries { get; set; } = [];

    public static ShardPageKeysState Of(PageKeysRecord record) => new() { Compaction = record.Compaction, PageBytes = record.PageBytes, Entries = record.Entries };

    public PageKeysRecord ToRecord() => new() { Compaction = Compaction, PageBytes = PageBytes, Entries = Entries };
}

/// <summary>A <see cref="LogRecord"/>, in the same way.</summary>
[GenerateSerializer]
[Alias("kad.ShardLogState")]
internal sealed class ShardLogState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long Sequence { get; set; }

    [Id(2)]
    public long Attempt { get; set; }

    [Id(3)]
    public bool IsCompacted { get; set; }

    [Id(4)]
    public byte[] Entries { get; set; } = [];

    [Id(5)]
    public bool IsSeal { get; set; }

    public static ShardLogState Of(LogRecord record) => new()
    {
        Sequence = record.Sequence,
        Attempt = record.Attempt,
        IsCompacted = record.IsCompacted,
        Entries = record.Entries,
        IsSeal = record.IsSeal,
    };

    public LogRecord ToRecord() =>
        new() { Sequence = Sequence, Attempt = Attempt, IsCompacted = IsCompacted, Entries = Entries, IsSeal = IsSeal };
}

internal static class MovedLogContext
{
    private const string ManifestKey = "kad.shard.manifest";
    private const string ManifestETagKey = "kad.shard.manifest.etag";
    private const string LogKey = "kad.shard.log";

    /// <summary>Puts it into the context. Releases that do not know it read storage.</summary>
    public static void WriteTo(this MovedLog moved, IDehydrationContext context)
    {
        context.TryAddValue(ManifestKey, ShardManifestState.Of(moved.Manifest));
        context.TryAddValue(ManifestETagKey, moved.ManifestETag ?? string.Empty);
        context.TryAddValue(LogKey, new ShardLogState { Sequence = moved.NextSequence, Entries = moved.Changes });
    }

    public static MovedLog? ReadFrom(IRehydrationContext context) =>
        context.TryGetValue(ManifestKey, out ShardManifestState? manifest) && manifest is not null
        && context.TryGetValue(ManifestETagKey, out string? etag) && etag is not null
        && context.TryGetValue(LogKey, out ShardLogState? log) && log is not null
            ? new MovedLog(manifest.ToRecord(), etag.Length == 0 ? null : etag, log.Sequence, log.Entries)
            : null;
}

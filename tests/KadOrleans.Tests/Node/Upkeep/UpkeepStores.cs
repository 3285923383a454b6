using KadOrleans.Shards;
using KadOrleans.Storage.Sqlite;
using KadOrleans.Tests.Shards;
using KadOrleans.Tests.Storage;

namespace KadOrleans.Tests.Node;

/// <summary>Stores for the interleavings of upkeep. A run has keys and publications of a key of its own in them.</summary>
internal abstract class UpkeepStores : IAsyncDisposable
{
    public abstract IKeyStore Keys { get; }

    /// <summary>The publications of a node. A cluster's are in its keys.</summary>
    public abstract IPublicationStore Publications { get; }

    /// <summary>Awaits a call so that no virtual time passes meanwhile.</summary>
    public virtual Task<T> AwaitAsync<T>(Func<Task<T>> call) => call();

    /// <summary>Makes a write in as many steps as the store has until it is durable.</summary>
    public virtual async Task<T> WriteAsync<T>(StepSchedule schedule, string name, Func<Task<T>> write)
    {
        await schedule.StepAsync(name);
        return await write();
    }

    /// <summary>Stores with what these have now, as a kill would leave it.</summary>
    public abstract Task<UpkeepStores> CopyAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

internal sealed class MemoryUpkeepStores : UpkeepStores
{
    public override IKeyStore Keys { get; } = new InMemoryKeyStore(StoreQuota.Unlimited, SignedItems.NewChecks(threads: 0));

    public override IPublicationStore Publications { get; } = new InMemoryPublicationStore(1_000);

    public override async Task<UpkeepStores> CopyAsync()
    {
        var copy = new MemoryUpkeepStores();
        await foreach (var (key, value) in Keys.ScanAsync(KeyRegion.Everywhere))
        {
            await copy.Keys.PutAsync(key, value, PutKind.Import);
        }

        await foreach (var (key, publication) in Publications.ScanAsync())
        {
            await copy.Publications.PutAsync(key, publication);
        }

        return copy;
    }
}

/// <summary>A file whose writer is held until a step: what is handed over others do not see, though it is decided before their writes.</summary>
internal sealed class SqliteUpkeepStores : UpkeepStores
{
    private readonly TemporaryFolder _folder;
    private readonly SqliteDatabase _database;

    // What waits for the commit; with it the writer's gate.
    private readonly List<Task> _pending = [];
    private WriterGate? _gate;

    public SqliteUpkeepStores()
        : this(new TemporaryFolder())
    {
    }

    private SqliteUpkeepStores(TemporaryFolder folder)
    {
        _folder = folder;
        _database = SqliteDatabase.Open(_folder.Path, new(StoreQuota.Unlimited));
        Keys = new SqliteKeyStore(_database);
        Publications = new SqlitePublicationStore(_database);
        Clock = new SqliteClockStore(_database);
    }

    /// <summary>What a node knows of its clock.</summary>
    public IClockStore Clock { get; }

    public override IKeyStore Keys { get; }

    public override IPublicationStore Publications { get; }

    // Nothing is being written: every call has been awaited.
    public override Task<UpkeepStores> CopyAsync()
    {
        OpenGate();
        var copy = new TemporaryFolder();
        foreach (var file in Directory.EnumerateFiles(_folder.Path))
        {
            // The file is open, and locked by this process; a kill leaves what is in it.
            using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = File.Create(Path.Combine(copy.Path, Path.GetFileName(file)));
            from.CopyTo(to);
        }

        return Task.FromResult<UpkeepStores>(new SqliteUpkeepStores(copy));
    }

    // The writer and readers have threads of their own, which the simulation's waits for: so a run is the same each time.
    public override Task<T> AwaitAsync<T>(Func<Task<T>> call) => Task.FromResult(Wait(call));

    public override async Task<T> WriteAsync<T>(StepSchedule schedule, string name, Func<Task<T>> write)
    {
        _gate ??= Wait(() => WriterGate.CloseAsync(_database));
        var written = Outside(write);
        _pending.Add(written);
        await schedule.StepAsync($"commit {name}");
        if (!written.IsCompleted)
        {
            OpenGate();
            Task.WaitAll([.. _pending], TestContext.Current.CancellationToken);
            _pending.Clear();
        }

        return await written;
    }

    public override async ValueTask DisposeAsync()
    {
        OpenGate();
        await _database.DisposeAsync();
        _folder.Dispose();
        await base.DisposeAsync();
    }

    private void OpenGate()
    {
        _gate?.Dispose();
        _gate = null;
    }

    private static T Wait<T>(Func<Task<T>> work) => Outside(work).GetAwaiter().GetResult();

    // The call itself is made here, so that the order of calls is that of the steps; only its continuations are elsewhere.
    private static Task<T> Outside<T>(Func<Task<T>> work)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return work();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }
}

/// <summary>A shard over records in memory, as an edge sees it. A write's second step is that of its record.</summary>
internal sealed class ShardUpkeepStores : UpkeepStores
{
    private readonly ShardKeys _keys;

    private ShardUpkeepStores(ShardEngine engine, TimeProvider time)
    {
        _keys = new ShardKeys(engine, time);
        Publications = new MarkedPublicationStore(Keys, _keys.UnpublishAsync, new KademliaOptions().ValueTimeToLive, time);
    }

    public override IKeyStore Keys => _keys;

    public override IPublicationStore Publications { get; }

    public ShardKeys Shard => _keys;

    /// <summary>Not supported: its records are a grain's.</summary>
    public override Task<UpkeepStores> CopyAsync() => throw new NotSupportedException("A shard's records are not copied.");

    public static async Task<ShardUpkeepStores> OpenAsync(TimeProvider time, Func<StepSchedule?> schedule)
    {
        var records = new FakeRecords();
        var engine = new ShardEngine(
            "shard 0000",
            records,
            halves: null,
            StoreQuota.Unlimited,
            new ValueCache(1 << 20),
            new KademliaOptions(),
            new SeededRandomSource(1),
            time,
            NullLogger.Instance);
        await engine.ActivateAsync(moved: null, half: null);
        records.BeforeWrite = _ => schedule()?.StepAsync("write a record") ?? Task.CompletedTask;
        return new ShardUpkeepStores(engine, time);
    }
}

/// <summary>The keys of one shard, as <c>GrainKeyStore</c> has them, without its calls and cache.</summary>
internal sealed class ShardKeys(ShardEngine engine, TimeProvider time) : IKeyStore
{
    public StoreTurnover Turnover => default;

    public long NextVersion(DateTimeOffset now) => engine.Shard.Accounts.Versions.Next(now);

    public async ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
        (await engine.ReadAsync([key], keeps: true))[0] is { } held && !held.IsExpired(now) ? held : null;

    public async ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default) =>
        (await engine.PutAsync([value], one => new Put(key, one, terms), TimeSpan.Zero))[0];

    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) =>
        ChangeAsync(WriteKind.Remove, key, DateTimeOffset.MaxValue);

    public async ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken) => (await engine.UnpublishAsync([key]))[0];

    public ValueTask<bool> ConfirmAsync(NodeId key, DateTimeOffset mark) => ChangeAsync(WriteKind.Published, key, mark);

    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
        await engine.RemoveExpiredAsync(now);

    public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        KeyRegion region, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var entry in await engine.ScanAsync(region, null, ShardEngine.MaxKeys, KeyValuePair.Create) ?? [])
        {
            yield return entry;
        }
    }

    public void SetArea(ResponsibleArea area)
    {
        // Edges mark what is far.
    }

    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(new KeyStoreUsage(engine.Shard.Count, engine.Shard.Bytes));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public DateTimeOffset Now => time.GetUtcNow();

    private async ValueTask<bool> ChangeAsync(WriteKind kind, NodeId key, DateTimeOffset at) =>
        (await engine.ChangeAsync(kind, [key], one => (one, at)))[0];
}

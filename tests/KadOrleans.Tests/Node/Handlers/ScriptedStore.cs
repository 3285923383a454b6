namespace KadOrleans.Tests.Node;

/// <summary>A store in memory whose gets and puts first wait for what a test says.</summary>
internal sealed class ScriptedStore : IKeyStore
{
    // What has to be verified is on the caller's thread, as in a simulation.
    private readonly InMemoryKeyStore _inner = new(StoreQuota.Unlimited, SignedItems.NewChecks(threads: 0));

    public Func<Task> BeforeGet { get; set; } = () => Task.CompletedTask;

    /// <summary>What remote nodes find. Null: the same as everybody.</summary>
    public Func<StoredValue?>? Finding { get; set; }

    public Func<Task> BeforePut { get; set; } = () => Task.CompletedTask;

    /// <summary>What puts return instead of being done.</summary>
    public StoreResult? Result { get; set; }

    public Action BeforeRemoval { get; set; } = () => { };

    public Action BeforeScan { get; set; } = () => { };

    public IReadOnlyList<NodeId> LostKeys { get; init; } = [];

    public bool IsLost(NodeId key) => LostKeys.Contains(key) && !_removed.Contains(key);

    private readonly HashSet<NodeId> _removed = [];

    public bool IsDisposed { get; private set; }

    public int Removals { get; private set; }

    public async ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        await BeforeGet();
        return await _inner.GetAsync(key, now, cancellationToken);
    }

    public ValueTask<StoredValue?> FindAsync(NodeId key, DateTimeOffset now) =>
        Finding is { } find ? ValueTask.FromResult(find()) : GetAsync(key, now);

    public async ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default)
    {
        await BeforePut();
        return Result ?? await _inner.PutAsync(key, value, terms, cancellationToken);
    }

    public long NextVersion(DateTimeOffset now) => _inner.NextVersion(now);

    public ValueTask<bool> RemoveIfAsync(NodeId key, long version, CancellationToken cancellationToken = default) =>
        _inner.RemoveIfAsync(key, version, cancellationToken);

    public StoreTurnover Turnover => _inner.Turnover;

    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => _inner.GetTopChanges(count);

    public void SetArea(ResponsibleArea area) => _inner.SetArea(area);

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        Removals++;
        BeforeRemoval();
        return _inner.RemoveExpiredAsync(now, cancellationToken);
    }

    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        _removed.Add(key);
        return ((IKeyStore)_inner).RemoveAsync(key, cancellationToken);
    }

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default)
    {
        BeforeScan();
        return _inner.ScanAsync(region, cancellationToken);
    }

    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) =>
        _inner.GetUsageAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return _inner.DisposeAsync();
    }
}

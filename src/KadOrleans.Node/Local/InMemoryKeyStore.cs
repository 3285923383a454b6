using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Local;

/// <summary>
/// A key store that forgets everything with the process. Every call completes synchronously; after disposal every
/// call but another disposal throws <see cref="ObjectDisposedException"/>.
/// </summary>
internal sealed class InMemoryKeyStore : IKeyStore
{
    // Guards _shard and _disposed.
    private readonly Lock _gate = new();
    private readonly KeyShard _shard;
    private bool _disposed;

    /// <summary>An empty store.</summary>
    /// <param name="quota">How much it takes.</param>
    public InMemoryKeyStore(StoreQuota quota)
    {
        ArgumentNullException.ThrowIfNull(quota);
        _shard = new KeyShard(quota);
    }

    /// <inheritdoc/>
    public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(_shard.TryGet(key, now, out var value) ? value : null);
    }

    /// <inheritdoc/>
    public bool TryFind(NodeId key, DateTimeOffset now, out StoredValue? value)
    {
        using var scope = Enter(CancellationToken.None);
        value = _shard.TryGet(key, now, out var held) ? held : null;
        return true;
    }

    /// <inheritdoc/>
    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutKind kind = PutKind.Publication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(_shard.Put(key, value, kind));
    }

    /// <inheritdoc/>
    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(_shard.RemoveExpired(now).Count);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(_shard.Remove(key));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default)
    {
        using var scope = Enter(cancellationToken);
        return _shard.Values.Where(entry => region.Contains(entry.Key)).ToArray().ToAsyncEnumerable();
    }

    /// <inheritdoc/>
    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default)
    {
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(new KeyStoreUsage(_shard.Count, _shard.Bytes));
    }

    /// <inheritdoc/>
    public ValueTask<SourceRanking> GetSourcesAsync(int count, CancellationToken cancellationToken = default)
    {
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(_shard.GetSources(count));
    }

    /// <inheritdoc/>
    public StoreTurnover Turnover
    {
        get
        {
            lock (_gate)
            {
                return _shard.Turnover;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SourceChanges> GetTopChanges(int count)
    {
        lock (_gate)
        {
            return _shard.GetTopChanges(count);
        }
    }

    /// <inheritdoc/>
    public void SetArea(ResponsibleArea area)
    {
        using var scope = Enter(CancellationToken.None);
        _shard.SetArea(area);
    }

    /// <inheritdoc/>
    public void SetQuota(StoreQuota quota)
    {
        using var scope = Enter(CancellationToken.None);
        _shard.Use(quota);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        return ValueTask.CompletedTask;
    }

    private Lock.Scope Enter(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var scope = _gate.EnterScope();
        if (_disposed)
        {
            scope.Dispose();
            throw new ObjectDisposedException(nameof(InMemoryKeyStore));
        }

        return scope;
    }
}

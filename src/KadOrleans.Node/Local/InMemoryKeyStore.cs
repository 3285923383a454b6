using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Node;

/// <summary>
/// Every call completes synchronously, but for a put of an item whose signature has to be verified. After disposal only disposal does not throw.
/// Without checks it takes no items.
/// </summary>
internal sealed class InMemoryKeyStore(StoreQuota quota, ItemChecks? checks = null) : IKeyStore
{
    // Guards _shard and _disposed.
    private readonly Lock _gate = new();
    private readonly KeyShard _shard = new(quota);
    private bool _disposed;

    public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(_shard.TryGet(key, now, out var value) ? value : null);
    }

    public bool TryFind(NodeId key, DateTimeOffset now, out StoredValue? value)
    {
        using var scope = Enter(CancellationToken.None);
        value = _shard.TryGet(key, now, out var held) ? held : null;
        return true;
    }

    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default) =>
        checks is not null && terms.Item is null && ItemEnvelope.IsItemLike(value.Value)
            ? PutCheckedAsync(checks, key, value, terms, cancellationToken)
            : Put(key, value, terms, cancellationToken);

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
        Ask(shard => shard.RemoveExpired(now).Count, cancellationToken);

    public long NextVersion(DateTimeOffset now)
    {
        using var scope = Enter(CancellationToken.None);
        return _shard.Accounts.Versions.Next(now);
    }

    public ValueTask<bool> RemoveIfAsync(NodeId key, long version, CancellationToken cancellationToken = default) =>
        Ask(shard => shard.Read(key)?.Version == version && shard.Remove(key), cancellationToken);

    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) =>
        Ask(shard => shard.Remove(key), cancellationToken);

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default)
    {
        using var scope = Enter(cancellationToken);
        return _shard.Values.Where(entry => region.Contains(entry.Key)).ToArray().ToAsyncEnumerable();
    }

    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) =>
        Ask(static shard => new KeyStoreUsage(shard.Count, shard.Bytes) { Kept = shard.Accounts.KeptKeys }, cancellationToken);

    public ValueTask<SourceRanking> GetSourcesAsync(int count, CancellationToken cancellationToken = default) =>
        Ask(shard => shard.GetSources(count), cancellationToken);

    public StoreTurnover Turnover => Read(static shard => shard.Turnover);

    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => Read(shard => shard.Accounts.Changes.Top(count));

    public void SetArea(ResponsibleArea area)
    {
        using var scope = Enter(CancellationToken.None);
        _shard.SetArea(area);
    }

    public void SetQuota(StoreQuota quota)
    {
        using var scope = Enter(CancellationToken.None);
        _shard.Accounts.Use(quota);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask<StoreResult> PutCheckedAsync(
        ItemChecks by, NodeId key, StoredValue value, PutTerms terms, CancellationToken cancellationToken) =>
        by.PutAsync(key, value, terms, Peek(key, cancellationToken), its => Put(key, value, its, cancellationToken));

    private ValueTask<StoreResult> Put(NodeId key, StoredValue value, PutTerms terms, CancellationToken cancellationToken)
    {
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(_shard.Put(key, value, terms));
    }

    private DhtValue Peek(NodeId key, CancellationToken cancellationToken)
    {
        using var scope = Enter(cancellationToken);
        return _shard.Read(key)?.Value ?? default;
    }

    private T Read<T>(Func<KeyShard, T> read)
    {
        lock (_gate)
        {
            return read(_shard);
        }
    }

    private ValueTask<T> Ask<T>(Func<KeyShard, T> question, CancellationToken cancellationToken)
    {
        using var scope = Enter(cancellationToken);
        return ValueTask.FromResult(question(_shard));
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

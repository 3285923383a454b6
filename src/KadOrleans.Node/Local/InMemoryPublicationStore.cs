namespace KadOrleans.Node;

internal sealed class InMemoryPublicationStore(int capacity) : IPublicationStore
{
    // Guards additions, so that there are never more than the capacity.
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<NodeId, Publication> _publications = new();

    public ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_publications.GetValueOrDefault(key));
    }

    public ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_publications.Count >= capacity && !_publications.ContainsKey(key))
            {
                return ValueTask.FromResult(StoreResult.TotalQuotaExceeded);
            }

            _publications[key] = publication;
            return ValueTask.FromResult(StoreResult.Stored);
        }
    }

    public ValueTask<StoreResult> ReplaceAsync(
        NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var isReplaced = after is null
            ? _publications.TryRemove(KeyValuePair.Create(key, before))
            : _publications.TryUpdate(key, after, before);
        var isThere = isReplaced || (after is not null && _publications.GetValueOrDefault(key) == after);
        return ValueTask.FromResult(isThere ? StoreResult.Stored : StoreResult.Superseded);
    }

    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_publications.TryRemove(key, out _));
    }

    public IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _publications.ToArray().ToAsyncEnumerable();
    }
}

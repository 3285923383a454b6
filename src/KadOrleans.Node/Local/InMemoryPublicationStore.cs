using System.Collections.Concurrent;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Local;

/// <summary>Remembers publications for as long as the process lives. Every call completes synchronously.</summary>
/// <param name="capacity">The most keys that are published at once.</param>
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
        ArgumentNullException.ThrowIfNull(publication);
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

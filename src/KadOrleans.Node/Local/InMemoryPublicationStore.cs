using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Local;

/// <summary>Remembers publications for as long as the process lives. Every call completes synchronously.</summary>
/// <param name="capacity">The most keys that are published at once.</param>
internal sealed class InMemoryPublicationStore(int capacity) : IPublicationStore
{
    // Guards _publications.
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, Publication> _publications = [];

    /// <inheritdoc/>
    public ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return ValueTask.FromResult(_publications.GetValueOrDefault(key));
        }
    }

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return ValueTask.FromResult(_publications.Remove(key));
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return _publications.ToArray().ToAsyncEnumerable();
        }
    }
}

using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Node.Ports;

/// <summary>
/// Remembers what is published from here, so that it goes out again (Kademlia §2.5). Every call may come from several
/// threads at once. Broken storage shows as <see cref="StoreResult.StorageFailed"/> on puts and as
/// <see cref="KeyStoreException"/> elsewhere.
/// </summary>
public interface IPublicationStore
{
    /// <summary>What is published under a key, or null.</summary>
    ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Publishes under a key, in place of any earlier value. <see cref="StoreResult.TotalQuotaExceeded"/> if there is no
    /// room for another key: what is published already stays.
    /// </summary>
    ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default);

    /// <summary>Ends a publication; false if there was none. Copies that are out live on until they expire.</summary>
    ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>All publications, in no order; what changes meanwhile may be missing.</summary>
    IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default);
}

/// <summary>What this node publishes under a key.</summary>
/// <param name="Value">The value.</param>
/// <param name="PublishedAt">When it last went out with a new life.</param>
public sealed record Publication(DhtValue Value, DateTimeOffset PublishedAt)
{
    /// <summary>Whether the network has yet to get it. <see cref="PublishedAt"/> is then when it was set.</summary>
    public bool IsPending { get; init; }
}

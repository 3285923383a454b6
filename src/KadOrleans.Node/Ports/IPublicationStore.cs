namespace KadOrleans.Node;

/// <summary>
/// Remembers publications, to send them each day (Kademlia §2.5). Thread-safe. Broken storage is <see
/// cref="StoreResult.StorageFailed"/> on puts and <see cref="KeyStoreException"/> elsewhere.
/// </summary>
public interface IPublicationStore
{
    /// <summary>The publication of a key, or null.</summary>
    ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>Replaces the key's publication. <see cref="StoreResult.TotalQuotaExceeded"/>: no room for another key.</summary>
    ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default);

    /// <summary>Ends a publication. Returns false if there was none. Copies in the network stay until they expire.</summary>
    ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>All publications, in no order; what changes meanwhile may be missing.</summary>
    IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default);
}

/// <summary>A publication of this node.</summary>
/// <param name="Value">The value.</param>
/// <param name="PublishedAt">When it was last published.</param>
public sealed record Publication(DhtValue Value, DateTimeOffset PublishedAt)
{
    /// <summary>Whether it has yet to be sent to the network. Then <see cref="PublishedAt"/> is when it was set.</summary>
    public bool IsPending { get; init; }
}

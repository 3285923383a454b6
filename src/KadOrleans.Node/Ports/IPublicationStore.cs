namespace KadOrleans.Node.Ports;

/// <summary>
/// Remembers the node's publications, which are published again each day (Kademlia §2.5). Safe for several threads. Broken storage shows as
/// <see cref="StoreResult.StorageFailed"/> on puts and as <see cref="KeyStoreException"/> elsewhere.
/// </summary>
public interface IPublicationStore
{
    /// <summary>The publication of a key, or null.</summary>
    ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Remembers a publication in place of the key's earlier one. Returns <see cref="StoreResult.TotalQuotaExceeded"/> if there is no room
    /// for another key.
    /// </summary>
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

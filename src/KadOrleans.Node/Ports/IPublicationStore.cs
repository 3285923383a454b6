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

    /// <summary>
    /// Replaces a publication by another, or ends it, if it is still the one that was read: what the network was asked about for
    /// seconds must not undo what was set or ended meanwhile. The store's writer decides, after every earlier write.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="before">The publication as <see cref="GetAsync"/> returned it.</param>
    /// <param name="after">Its successor; null ends it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// <see cref="StoreResult.Superseded"/>, and nothing is changed, if it is another one, or none, by now.
    /// <see cref="StoreResult.Stored"/> also if the other one is there already, as the same call may be decided twice.
    /// </returns>
    ValueTask<StoreResult> ReplaceAsync(
        NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default);

    /// <summary>
    /// What must be held for a put that renews the value of a publication, where publications are values of the key store; null where
    /// they are apart from it.
    /// </summary>
    PutCondition? GetCondition(Publication publication) => null;

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

    /// <summary>Which write of the key it is, as <see cref="StoredValue.Version"/>; the value has it wherever this node stores it.</summary>
    public long Version { get; init; }

    /// <summary>The id of the call under a condition that set it; 0 without one.</summary>
    public long CallId { get; init; }
}

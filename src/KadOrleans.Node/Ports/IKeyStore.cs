namespace KadOrleans.Node;

/// <summary>
/// Holds the keys that this node stores. Safe for several threads. Broken storage shows as <see cref="StoreResult.StorageFailed"/> on
/// writes and as <see cref="KeyStoreException"/> elsewhere. A put for which there is no room shows as <see cref="StoreResult.Busy"/>.
/// </summary>
public interface IKeyStore : IAsyncDisposable
{
    /// <summary>Why nothing can be stored now, in one sentence for the operator; null while storing works. Never waits.</summary>
    string? Problem => null;

    /// <summary>Keys whose values were found damaged when the storage was opened: the network may hold them still.</summary>
    IReadOnlyList<NodeId> LostKeys => [];

    /// <summary>Whether a key is still among <see cref="LostKeys"/>: neither stored nor removed since.</summary>
    bool IsLost(NodeId key) => LostKeys.Contains(key);

    /// <summary>The value alive at <paramref name="now"/>, or null. <see cref="KeyStoreException"/>: not readable soon.</summary>
    ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default);

    /// <summary><see cref="GetAsync"/>, as its holder has it now: never from a cache that another process's writes reach later.</summary>
    ValueTask<StoredValue?> GetCurrentAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
        GetAsync(key, now, cancellationToken);

    /// <summary>
    /// <see cref="GetAsync"/> for a remote node, which does not wait long. While the values' holder does not respond, the result
    /// may be a value held earlier, so nothing is stored by it.
    /// </summary>
    ValueTask<StoredValue?> FindAsync(NodeId key, DateTimeOffset now) => GetAsync(key, now);

    /// <summary>
    /// What <see cref="FindAsync"/> would return if that takes no read and no call, else false. After false, requests of unproven
    /// senders wait for their proof.
    /// </summary>
    bool TryFind(NodeId key, DateTimeOffset now, out StoredValue? value)
    {
        value = null;
        return false;
    }

    /// <summary>
    /// Holds a value if <see cref="StoreDecision"/> allows it. Writes nothing if nothing changes. Completes with
    /// <see cref="StoreResult.Stored"/> only once the value is as durable as the adapter makes it. Cancelling stops the wait, not always
    /// the write.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="value">
    /// The value. The <see cref="StoredValue.ExpiresAt"/> of a copy comes from its remaining life. The <see cref="StoredValue.StoredAt"/>
    /// of an import is when it was stored; otherwise it is the present time.
    /// </param>
    /// <param name="terms">
    /// The value's origin, what it may change, and what must be held; a <see cref="PutKind"/> alone does. All of it is decided by the
    /// store's writer, after every earlier put. A publication replaces any earlier value. A copy is <see cref="StoreResult.Outdated"/> if another value is held
    /// that lives as long or longer. An import is outdated if the held value was stored later.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default);

    /// <summary>A version for a write of this node, higher than all that the store has given or seen (<see cref="StoredValue.Version"/>).</summary>
    /// <exception cref="NotSupportedException">Others give the versions.</exception>
    long NextVersion(DateTimeOffset now) => throw new NotSupportedException($"{GetType().Name} gives no versions.");

    /// <summary>Removes a key if what is held has a version, as durably as a put. Returns false, and removes nothing, if it has not.</summary>
    /// <exception cref="NotSupportedException">This store removes nothing that lives.</exception>
    ValueTask<bool> RemoveIfAsync(NodeId key, long version, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} removes expired values alone.");

    /// <summary>Removes the values expired at <paramref name="now"/> and returns their number.</summary>
    ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default);

    /// <summary>Removes a key, as durably as a put. Returns false if it was not held.</summary>
    /// <exception cref="NotSupportedException">This store removes nothing that lives.</exception>
    ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} removes expired values alone.");

    /// <summary>The keys and values of a region, also expired ones, in no order. Concurrent writes may be missing.</summary>
    IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default);

    /// <summary>Scans some keys of a region. A store that has values on storage reads only those of these keys.</summary>
    /// <param name="region">The region.</param>
    /// <param name="isWanted">Whether a key is wanted. Called once for each key of the region; must be quick.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        KeyRegion region, Func<KeyLife, bool> isWanted, CancellationToken cancellationToken = default) =>
        ScanAsync(region, cancellationToken).Where(entry =>
            isWanted(new KeyLife(entry.Key, entry.Value.StoredAt, entry.Value.ExpiresAt) { IsKept = entry.Value.IsKept }));

    /// <summary>Sets the keys that are near, which is every key before. Values of others are evicted first.</summary>
    void SetArea(ResponsibleArea area);

    /// <summary>Sets the quota, for which nothing is evicted now. Stores whose values others count ignore it.</summary>
    void SetQuota(StoreQuota quota)
    {
    }

    /// <summary>Values evicted and replaced since it was opened. Empty if other processes hold and count the values.</summary>
    StoreTurnover Turnover { get; }

    /// <summary>The sources that changed most live values of others, most first. Empty where <see cref="Turnover"/> is.</summary>
    /// <param name="count">How many sources at most.</param>
    IReadOnlyList<SourceChanges> GetTopChanges(int count);

    /// <summary>The usage. Cheap on a node; a cluster's asks every shard.</summary>
    /// <exception cref="KeyStoreException">A shard did not respond.</exception>
    ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default);

    /// <summary>The source networks that hold most of it, by the counts that quotas need: no value is read.</summary>
    /// <param name="count">How many by keys, and how many by bytes; at least 1.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="NotSupportedException">Others hold the values and count them.</exception>
    ValueTask<SourceRanking> GetSourcesAsync(int count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} does not count source networks.");
}

/// <summary>A key and the life of its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="StoredAt">The time of the last STORE; see <see cref="StoredValue.StoredAt"/>.</param>
/// <param name="ExpiresAt">The end of the value's life.</param>
public readonly record struct KeyLife(NodeId Key, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt)
{
    /// <summary>Whether it is kept for its owner until <see cref="ExpiresAt"/>.</summary>
    public bool IsKept { get; init; }
}

/// <summary>A key store's usage.</summary>
/// <param name="Keys">Keys, expired ones included until they are removed.</param>
/// <param name="Bytes">Footprint of their values in bytes.</param>
public readonly record struct KeyStoreUsage(long Keys, long Bytes)
{
    /// <summary>How many of the keys are items that are kept for their owners.</summary>
    public long Kept { get; init; }
}

namespace KadOrleans;

/// <summary>The keys and values that a DHT holds and publishes, and what they take up: a part of <see cref="IDhtAdmin"/>.</summary>
public interface IDhtHoldings
{
    /// <summary>The live keys held here whose ids begin with a prefix, in ascending order, without their values.</summary>
    /// <param name="prefix">The first 0 to 40 hexadecimal digits of the ids.</param>
    /// <param name="after">The <see cref="KeyPage.Next"/> of the page before; null for the first page.</param>
    /// <param name="count">The most keys, 1 to <see cref="IDhtAdmin.MaxPage"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The prefix or the count is not allowed.</exception>
    Task<KeyPage> ScanAsync(string prefix, NodeId? after, int count, CancellationToken cancellationToken = default);

    /// <summary>Describes a key: what is held here, whether it is published here, and what the k nearest nodes hold now.</summary>
    Task<KeyDetails> DescribeKeyAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Until when the item of a key is kept here for its owner, in UTC; null if none is. By default it asks <see cref="DescribeKeyAsync"/>.
    /// </summary>
    /// <exception cref="DhtUnavailableException">The storage or the key's shard failed.</exception>
    async Task<DateTimeOffset?> FindKeptAsync(NodeId key, CancellationToken cancellationToken = default) =>
        (await DescribeKeyAsync(key, cancellationToken)).Held?.KeptUntil;

    /// <summary>
    /// Removes a key from here and stops publishing it, durably. Copies of other nodes stay until they expire, and one of those nodes may store the
    /// value here again.
    /// </summary>
    Task<KeyDeletion> DeleteAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>The keys that this DHT publishes, in ascending order.</summary>
    /// <param name="after">The <see cref="PublicationPage.Next"/> of the page before; null for the first page.</param>
    /// <param name="count">The most publications, 1 to <see cref="IDhtAdmin.MaxPage"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The count is not allowed.</exception>
    Task<PublicationPage> ScanPublicationsAsync(NodeId? after, int count, CancellationToken cancellationToken = default);

    /// <summary>
    /// The values held here with their times and sources, and those that this cluster still publishes although they have expired. A cluster's
    /// are in ascending order of their keys. What is stored meanwhile may be left out.
    /// </summary>
    /// <exception cref="DhtUnavailableException">The storage or a shard failed.</exception>
    /// <exception cref="NotSupportedException">The implementation cannot.</exception>
    IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadValuesAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} does not export values.");

    /// <summary>
    /// Stores values with their times and sources, and returns the results in their order. Of two values of a key the one stored later stays.
    /// <see cref="StoreResult.Stored"/> means durable. A cluster goes on publishing those with <see cref="StoredValue.PublishedAt"/>.
    /// </summary>
    /// <param name="values">At most <see cref="IDhtAdmin.MaxPage"/>.</param>
    /// <param name="cancellationToken">Ends the wait; some may be stored.</param>
    /// <exception cref="ArgumentException">There are none, or too many.</exception>
    /// <exception cref="DhtUnavailableException">The storage or a shard failed; some may be stored. The call may be repeated.</exception>
    /// <exception cref="NotSupportedException">The implementation cannot.</exception>
    Task<IReadOnlyList<StoreResult>> ImportAsync(
        IReadOnlyList<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{GetType().Name} does not import values.");

    /// <summary>The keys and bytes held here, of a cluster by shard.</summary>
    Task<DhtUsage> GetUsageAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// The source networks that hold most keys and those that hold most bytes, up to <paramref name="count"/> of each (1 to
    /// <see cref="IDhtAdmin.MaxSources"/>). No key is read for it. Those of a cluster are exact unless keys change meanwhile.
    /// </summary>
    /// <exception cref="ArgumentException">The count is not allowed.</exception>
    Task<DhtSources> GetSourcesAsync(int count, CancellationToken cancellationToken = default);
}

namespace KadOrleans;

/// <summary>
/// What a DHT does for signed items beyond <see cref="IDht"/>: programs call <see cref="SignedItemExtensions"/>, which come here. A node and a cluster have
/// it. Who puts something of his own before their <see cref="IDht"/> passes these calls on, or items are got as any value, and none are kept.
/// </summary>
public interface IDhtItems
{
    /// <summary>
    /// Gets the value of a key where an item that its owner signed is expected: no number of nodes that agree on something else keeps it from asking
    /// all of the nearest, where <see cref="IDht.GetAsync"/> is content with some.
    /// </summary>
    /// <param name="key">The item's key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DhtUnavailableException">The storage or every edge failed: the key may have a value.</exception>
    Task<GetResult> GetFromAllAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Keeps an item that its owner signed (BEP 44) for him until a time, without his key: durably here, and sent to the network now, and again
    /// each hour, wherever its key is. A newer item of the owner takes its place and is kept until the same time, also one that
    /// ends what he stored; an older one never does. It is never evicted. <see cref="IDht.UnpublishAsync"/> ends it, and keeping it again changes
    /// the time. After that it lives as any other for a time to live at most from its last STORE.
    /// </summary>
    /// <param name="key">The item's key.</param>
    /// <param name="item">The item as nodes carry it: its envelope, as bytes.</param>
    /// <param name="until">A time after now, at most 3,650 days ahead. Whole seconds count.</param>
    /// <param name="cancellationToken">Gives up; it may be kept by then.</param>
    /// <returns>
    /// As of a set; <see cref="SetResult.Local"/> and <see cref="SetResult.Publication"/> say whether it is kept, and if not nothing was sent:
    /// <see cref="StoreResult.KeptQuotaExceeded"/>, <see cref="StoreResult.OlderItem"/>, <see cref="StoreResult.InvalidItem"/> and others.
    /// </returns>
    /// <exception cref="ArgumentException">The value is no signed item, or the time is not allowed; nothing was stored.</exception>
    /// <exception cref="DhtUnavailableException">
    /// The storage failed, or this is a client-only node. It may be kept.
    /// </exception>
    Task<SetResult> KeepAsync(NodeId key, DhtValue item, DateTimeOffset until, CancellationToken cancellationToken = default);
}

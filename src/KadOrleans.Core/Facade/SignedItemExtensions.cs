using KadOrleans.Core.Items;

namespace KadOrleans;

/// <summary>Signed items (BEP 44) in any DHT. Errors are those of <see cref="IDht"/>.</summary>
public static class SignedItemExtensions
{
    /// <summary>
    /// Gets an owner's item: the one with the highest sequence number that this DHT holds, or a node that was asked, whoever else says what. Who
    /// lies can only withhold a newer one. All of the nearest nodes are asked, so it takes longer than a get of another value.
    /// </summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="publicKey">The owner's public key, 32 bytes.</param>
    /// <param name="salt">What tells his items apart, 0 to 64 bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">Public key or salt has another length.</exception>
    public static async Task<SignedResult> GetSignedAsync(
        this IDht dht, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> salt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        var found = await dht.GetFromAllAsync(Item.KeyOf(publicKey.Span, salt.Span), cancellationToken);
        var item = ItemEnvelope.Find(found.Value) is { IsMutable: true } one
            && one.PublicKey.Span.SequenceEqual(publicKey.Span)
            && one.Salt.Span.SequenceEqual(salt.Span)
            ? one
            : null;
        return new SignedResult(item, found.Lookup);
    }

    /// <summary>
    /// Stores an item at its key and publishes it again each day, as any value. <see cref="SetResult.Local"/> is
    /// <see cref="StoreResult.InvalidItem"/>, and nothing was sent, if its signature does not hold, and <see cref="StoreResult.OlderItem"/> if this
    /// DHT holds a newer one.
    /// </summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="item">The item.</param>
    /// <param name="acknowledgement">The acknowledgement to await.</param>
    /// <param name="cancellationToken">Gives up; copies may have been stored by then.</param>
    public static Task<SetResult> SetSignedAsync(
        this IDht dht, Item item, SetAcknowledgement acknowledgement = SetAcknowledgement.Network, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        ArgumentNullException.ThrowIfNull(item);
        return dht.SetAsync(item.Key, ValueOf(item), acknowledgement, cancellationToken);
    }

    /// <summary>
    /// Stores an item if the owner's item that a get finds has a sequence number, or is this one already, or if there is none (BEP 44, "CAS"). Else
    /// <see cref="SetResult.Local"/> is <see cref="StoreResult.Superseded"/>, and nothing was stored.
    /// </summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="item">The item.</param>
    /// <param name="expectedSeq">The sequence number.</param>
    /// <param name="acknowledgement">The acknowledgement to await.</param>
    /// <param name="cancellationToken">Gives up; copies may have been stored by then.</param>
    public static Task<SetResult> SetSignedIfAsync(
        this IDht dht,
        Item item,
        long expectedSeq,
        SetAcknowledgement acknowledgement = SetAcknowledgement.Network,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        ArgumentNullException.ThrowIfNull(item);
        var value = ValueOf(item);
        return dht.SetIfFoundAsync(
            item.Key, value, found => IsExpected(found.Value, value, expectedSeq), acknowledgement, life: null, cancellationToken);
    }

    /// <summary>Keeps an item for its owner until a time, as <see cref="IDht.KeepAsync"/> does.</summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="item">The item; one that ends what the owner stored is kept as any other.</param>
    /// <param name="until">A time after now, at most 3,650 days ahead. Whole seconds count.</param>
    /// <param name="cancellationToken">Gives up; it may be kept by then.</param>
    public static Task<SetResult> KeepSignedAsync(
        this IDht dht, Item item, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        ArgumentNullException.ThrowIfNull(item);
        return dht.KeepAsync(item.Key, ValueOf(item), until, cancellationToken);
    }

    /// <summary>Whether a value may replace the one that was found, if that is an item of this number.</summary>
    internal static bool IsExpected(DhtValue? found, DhtValue offered, long expectedSeq) =>
        found == offered || ItemEnvelope.Find(found) is not { IsMutable: true } held || held.Seq == expectedSeq;

    internal static DhtValue ValueOf(Item item) => DhtValue.FromBytes(item.Envelope.ToArray());
}

/// <summary>The result of a get of an owner's item.</summary>
/// <param name="Item">The newest item that was found; null if there was none.</param>
/// <param name="Lookup">How it was looked up; null if nobody was asked.</param>
public readonly record struct SignedResult(Item? Item, LookupOutcome? Lookup)
{
    /// <summary>Whether the owner has a value: an item was found, and does not end it.</summary>
    public bool Found => Item is { IsEnd: false };

    /// <summary>Whether the owner ended his value.</summary>
    public bool IsEnded => Item is { IsEnd: true };
}

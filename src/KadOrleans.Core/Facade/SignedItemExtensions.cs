using System.Runtime.CompilerServices;
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
    [OverloadResolutionPriority(1)] // default is the salt without bytes.
    public static async Task<SignedResult> GetSignedAsync(
        this IDht dht, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> salt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        var found = await dht.GetFromAllAsync(Item.KeyOf(publicKey.Span, salt.Span), cancellationToken);
        return new SignedResult(ItemOf(found.Value, publicKey.Span, salt.Span), found.Lookup);
    }

    /// <summary>Gets an owner's item by a salt that is text.</summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="publicKey">The owner's public key, 32 bytes.</param>
    /// <param name="salt">What tells his items apart, at most 64 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <inheritdoc cref="GetSignedAsync(IDht, ReadOnlyMemory{byte}, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static Task<SignedResult> GetSignedAsync(
        this IDht dht, ReadOnlyMemory<byte> publicKey, string salt = "", CancellationToken cancellationToken = default) =>
        dht.GetSignedAsync(publicKey, StrictUtf8.ToBytes(salt), cancellationToken);

    /// <summary>
    /// Watches an owner's item. The first element is the item that a get of the key finds; then comes each that this DHT learns of, as
    /// <see cref="IDht.WatchAsync"/> does. Its <see cref="SignedResult.Lookup"/> is null.
    /// </summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="publicKey">The owner's public key, 32 bytes.</param>
    /// <param name="salt">What tells his items apart, 0 to 64 bytes.</param>
    /// <param name="cancellationToken">Ends the watch, as its host and its node do when they stop.</param>
    /// <exception cref="ArgumentException">Public key or salt has another length.</exception>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<SignedResult> WatchSignedAsync(
        this IDht dht, ReadOnlyMemory<byte> publicKey, ReadOnlyMemory<byte> salt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);

        // Copied, as the watch outlives the call.
        var (owner, copy) = (publicKey.ToArray(), salt.ToArray());
        return FollowAsync(dht.WatchAsync(Item.KeyOf(owner, copy), cancellationToken), owner, copy, cancellationToken);
    }

    /// <summary>Watches an owner's item by a salt that is text.</summary>
    /// <param name="dht">The DHT.</param>
    /// <param name="publicKey">The owner's public key, 32 bytes.</param>
    /// <param name="salt">What tells his items apart, at most 64 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Ends the watch, as its host and its node do when they stop.</param>
    /// <inheritdoc cref="WatchSignedAsync(IDht, ReadOnlyMemory{byte}, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static IAsyncEnumerable<SignedResult> WatchSignedAsync(
        this IDht dht, ReadOnlyMemory<byte> publicKey, string salt = "", CancellationToken cancellationToken = default) =>
        dht.WatchSignedAsync(publicKey, StrictUtf8.ToBytes(salt), cancellationToken);

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

    /// <inheritdoc cref="IDhtItems.KeepAsync"/>
    /// <param name="dht">The DHT.</param>
    /// <param name="item">The item; one that ends what the owner stored is kept as any other.</param>
    /// <param name="until">A time after now, at most 3,650 days ahead. Whole seconds count.</param>
    /// <param name="cancellationToken">Gives up; it may be kept by then.</param>
    /// <exception cref="NotSupportedException">This DHT has no <see cref="IDhtItems"/>.</exception>
    public static Task<SetResult> KeepSignedAsync(
        this IDht dht, Item item, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dht);
        ArgumentNullException.ThrowIfNull(item);
        return dht.KeepAsync(item.Key, ValueOf(item), until, cancellationToken);
    }

    /// <summary>Gets a value where an item is expected; of a DHT that has nothing for items, as any other.</summary>
    internal static Task<GetResult> GetFromAllAsync(this IDht dht, NodeId key, CancellationToken cancellationToken = default) =>
        dht is IDhtItems items ? items.GetFromAllAsync(key, cancellationToken) : dht.GetAsync(key, cancellationToken);

    /// <summary>Keeps an item.</summary>
    internal static Task<SetResult> KeepAsync(
        this IDht dht, NodeId key, DhtValue item, DateTimeOffset until, CancellationToken cancellationToken = default) => dht is IDhtItems items
        ? items.KeepAsync(key, item, until, cancellationToken)
        : throw new NotSupportedException($"{dht.GetType().Name} keeps no items for their owners; it does not implement IDhtItems.");

    /// <summary>Whether a value may replace the one that was found, if that is an item of this number.</summary>
    internal static bool IsExpected(DhtValue? found, DhtValue offered, long expectedSeq) =>
        found == offered || ItemEnvelope.Find(found) is not { IsMutable: true } held || held.Seq == expectedSeq;

    internal static DhtValue ValueOf(Item item) => DhtValue.FromBytes(item.Envelope.ToArray());

    private static async IAsyncEnumerable<SignedResult> FollowAsync(
        IAsyncEnumerable<KeyChange> changes, byte[] publicKey, byte[] salt, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var change in changes.WithCancellation(cancellationToken))
        {
            yield return new SignedResult(ItemOf(change.Value, publicKey, salt), Lookup: null);
        }
    }

    private static Item? ItemOf(DhtValue? value, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> salt) =>
        ItemEnvelope.Find(value) is { IsMutable: true } item && item.PublicKey.Span.SequenceEqual(publicKey) && item.Salt.Span.SequenceEqual(salt)
            ? item
            : null;
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

using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Core.Items;

/// <summary>
/// An item that belongs to its key, and that its owner signed. There is no other way to make one than to check it, or to read it where only checked
/// ones are, so what takes one of this type stores nothing unchecked.
/// </summary>
internal sealed class CheckedItem
{
    private CheckedItem(Item item) => Item = item;

    public Item Item { get; }

    /// <summary>Checks an item for the key that it is offered for. An immutable one needs no signature.</summary>
    /// <param name="item">The item.</param>
    /// <param name="key">Where it is to be stored, or was read from.</param>
    /// <param name="signatures">What verifies the signature.</param>
    /// <param name="verified">The item, once both hold.</param>
    /// <param name="error">What does not hold: the key is compared first, as a verification costs far more.</param>
    public static bool TryCheck(
        Item item, NodeId key, ISignatures signatures, [NotNullWhen(true)] out CheckedItem? verified, out ItemError error)
    {
        error = item.Key != key ? new ItemError(ItemFault.WrongKey)
            : item.IsMutable && !IsSigned(item, signatures) ? new ItemError(ItemFault.SignatureInvalid)
            : default;
        verified = error.IsNone ? new CheckedItem(item) : null;
        return verified is not null;
    }

    /// <summary>
    /// The item of a value that was checked when it came: one that a store of this node or cluster holds of a key, or that a lookup has found. Null
    /// if it is no item of this key, as an ordinary value.
    /// </summary>
    public static CheckedItem? OfChecked(NodeId key, DhtValue? value) =>
        ItemEnvelope.Find(value) is { } item && item.Key == key ? new CheckedItem(item) : null;

    private static bool IsSigned(Item item, ISignatures signatures)
    {
        Span<byte> message = stackalloc byte[SignedMessage.MaxLength];
        var length = SignedMessage.Write(message, item.Salt.Span, item.Seq, item.Value.Span);
        return signatures.Verify(item.PublicKey.Span, message[..length], item.Signature.Span);
    }
}

using System.Runtime.CompilerServices;
using KadOrleans.Core.Items;

namespace KadOrleans;

/// <summary>An owner of items: his public key, and what signs with the secret one, which may stay in a key vault.</summary>
public sealed class ItemSigner
{
    private readonly Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> _sign;

    /// <summary>An owner by his public key and a function.</summary>
    /// <param name="publicKey">32 bytes of Ed25519, which are copied.</param>
    /// <param name="sign">Signs a message of at most 1,102 bytes by Ed25519 (RFC 8032 §5.1.6, without a hash before it) and returns 64 bytes.</param>
    /// <exception cref="ArgumentException">The public key has another length.</exception>
    public ItemSigner(
        ReadOnlyMemory<byte> publicKey, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> sign)
    {
        ArgumentNullException.ThrowIfNull(sign);
        if (publicKey.Length != Item.PublicKeyLength)
        {
            throw new ArgumentException(new ItemError(ItemFault.PublicKeyLength, publicKey.Length).ToString(), nameof(publicKey));
        }

        PublicKey = publicKey.ToArray();
        _sign = sign;
    }

    /// <summary>The owner's public key, 32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Signs a value.</summary>
    /// <param name="salt">What tells items of this owner apart, 0 to 64 bytes.</param>
    /// <param name="seq">0 to 2^63 - 1; higher than that of the owner's last item with this salt.</param>
    /// <param name="value">One value in canonical bencode, at most 1,000 bytes; <see cref="Item.EncodeBytes"/> makes one of bytes.</param>
    /// <param name="cancellationToken">Ends the wait for the signature.</param>
    /// <exception cref="ArgumentException">The parts make no item; the message says what is wrong.</exception>
    /// <exception cref="InvalidOperationException">The function returned another length than that of a signature.</exception>
    [OverloadResolutionPriority(1)] // default is the salt without bytes.
    public async ValueTask<Item> SignAsync(
        ReadOnlyMemory<byte> salt, long seq, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        // Copied before anything is awaited: what is signed is what is stored.
        var parts = new ItemParts { IsMutable = true, PublicKey = PublicKey, Salt = salt.ToArray(), Seq = seq, Value = value.ToArray() };
        if (parts.FindErrorBeforeSigning() is { IsNone: false } wrong)
        {
            throw new ArgumentException(
                wrong.Fault == ItemFault.ValueForm ? $"{wrong} {nameof(Item)}.{nameof(Item.EncodeBytes)} makes one of any bytes." : wrong.ToString());
        }

        var message = new byte[SignedMessage.MaxLength];
        var length = SignedMessage.Write(message, parts.Salt.Span, seq, parts.Value.Span);
        var signature = await _sign(message.AsMemory(0, length), cancellationToken);
        return Item.TryCreate(parts with { Signature = signature }, out var item, out var error)
            ? item
            : throw new InvalidOperationException(error.ToString());
    }

    /// <summary>Signs a text, which <see cref="Item.TryGetText"/> reads.</summary>
    /// <param name="salt">What tells items of this owner apart, at most 64 bytes in UTF-8.</param>
    /// <param name="seq">0 to 2^63 - 1; higher than that of the owner's last item with this salt.</param>
    /// <param name="text">At most 996 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Ends the wait for the signature.</param>
    /// <exception cref="ArgumentException">The parts make no item; the message says what is wrong.</exception>
    /// <exception cref="InvalidOperationException">The function returned another length than that of a signature.</exception>
    public ValueTask<Item> SignAsync(string salt, long seq, string text, CancellationToken cancellationToken = default) =>
        SignAsync(StrictUtf8.ToBytes(salt), seq, Item.EncodeBytes(StrictUtf8.ToBytes(text)), cancellationToken);

    /// <summary>Signs the end of what this owner stored, by a salt that is text.</summary>
    /// <param name="salt">At most 64 bytes in UTF-8.</param>
    /// <param name="seq">Higher than that of the owner's last item with this salt.</param>
    /// <param name="cancellationToken">Ends the wait for the signature.</param>
    /// <inheritdoc cref="SignEndAsync(ReadOnlyMemory{byte}, long, CancellationToken)"/>
    public ValueTask<Item> SignEndAsync(string salt, long seq, CancellationToken cancellationToken = default) =>
        SignEndAsync(StrictUtf8.ToBytes(salt), seq, cancellationToken);

    /// <summary>Signs the end of what this owner stored: an item without bytes. It counts for as long as it is kept.</summary>
    /// <param name="salt">0 to 64 bytes.</param>
    /// <param name="seq">Higher than that of the owner's last item with this salt.</param>
    /// <param name="cancellationToken">Ends the wait for the signature.</param>
    /// <exception cref="ArgumentException">The parts make no item; the message says what is wrong.</exception>
    /// <exception cref="InvalidOperationException">The function returned another length than that of a signature.</exception>
    [OverloadResolutionPriority(1)]
    public ValueTask<Item> SignEndAsync(ReadOnlyMemory<byte> salt, long seq, CancellationToken cancellationToken = default) =>
        SignAsync(salt, seq, Item.EndValue.ToArray(), cancellationToken);
}

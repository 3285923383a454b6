using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace KadOrleans.Core.Items;

/// <summary>
/// A value that says whose it is (BEP 44). The key of a mutable item is the hash of its owner's public key and a salt, and its owner alone can sign
/// what replaces it. The key of an immutable item is the hash of its value. An item of this type is well-formed; whether its signature
/// holds is another question, and nothing stores it before that is answered.
/// </summary>
/// <remarks>Two items are equal when all their fields are, the signature among them.</remarks>
public sealed class Item : IEquatable<Item>
{
    /// <summary>Length of an Ed25519 public key in bytes (RFC 8032 §5.1.5).</summary>
    public const int PublicKeyLength = 32;

    /// <summary>Length of an Ed25519 signature in bytes (RFC 8032 §5.1.6).</summary>
    public const int SignatureLength = 64;

    /// <summary>In bytes (BEP 44, "salt").</summary>
    public const int MaxSaltLength = 64;

    /// <summary>Of a value in bencode, in bytes (BEP 44, "put message").</summary>
    public const int MaxValueLength = 1000;

    /// <summary>Lists and dictionaries of a value within one another: a message has two around it. libtorrent 2.0.8 stores values of at most seven.</summary>
    public const int MaxValueDepth = BencodeReader.MaxDepth - 2;

    private Item(in ItemParts parts, ReadOnlyMemory<byte> envelope)
    {
        IsMutable = parts.IsMutable;
        PublicKey = parts.PublicKey;
        Salt = parts.Salt;
        Seq = parts.Seq;
        Value = parts.Value;
        Signature = parts.Signature;
        Envelope = envelope;
        Key = IsMutable ? KeyOf(PublicKey.Span, Salt.Span) : NodeId.FromKey(Value.Span);
    }

    /// <summary>Whether it has an owner, who can replace it.</summary>
    public bool IsMutable { get; }

    /// <summary>The owner's Ed25519 public key, 32 bytes; empty for an immutable item.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>What tells items of one owner apart, 0 to 64 bytes; empty for an immutable item.</summary>
    public ReadOnlyMemory<byte> Salt { get; }

    /// <summary>The owner's sequence number, 0 to 2^63 - 1: the higher one counts. 0 for an immutable item.</summary>
    public long Seq { get; }

    /// <summary>The value in canonical bencode, 2 to 1,000 bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>The owner's signature of salt, sequence number and value, 64 bytes; empty for an immutable item.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Whether the owner ended his value: a mutable item of no bytes, kept so that nothing older comes back.</summary>
    public bool IsEnd => IsMutable && Value.Span.SequenceEqual(EndValue);

    /// <summary>Where it is stored: the SHA-1 of public key and salt, or of an immutable item's value.</summary>
    public NodeId Key { get; }

    /// <summary>All of it as this project's nodes carry it, see <see cref="ItemEnvelope"/>.</summary>
    internal ReadOnlyMemory<byte> Envelope { get; }

    /// <summary>The value of an item that ends what its owner stored: no bytes.</summary>
    internal static ReadOnlySpan<byte> EndValue => "0:"u8;

    /// <summary>The key of an owner's items with this salt.</summary>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="salt">0 to 64 bytes.</param>
    /// <exception cref="ArgumentException">One of them has another length.</exception>
    public static NodeId KeyOf(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> salt)
    {
        ThrowIfNoOwner(publicKey, salt);
        Span<byte> both = stackalloc byte[PublicKeyLength + MaxSaltLength];
        publicKey.CopyTo(both);
        salt.CopyTo(both[PublicKeyLength..]);
        return NodeId.FromKey(both[..(PublicKeyLength + salt.Length)]);
    }

    /// <summary>A mutable item of its parts, which are copied. Whether the signature holds is not checked.</summary>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="salt">0 to 64 bytes.</param>
    /// <param name="seq">0 to 2^63 - 1.</param>
    /// <param name="value">One value in canonical bencode, at most 1,000 bytes.</param>
    /// <param name="signature">64 bytes.</param>
    /// <param name="item">The item.</param>
    /// <param name="error">What is wrong if there is none.</param>
    public static bool TryCreateMutable(
        ReadOnlyMemory<byte> publicKey,
        ReadOnlyMemory<byte> salt,
        long seq,
        ReadOnlyMemory<byte> value,
        ReadOnlyMemory<byte> signature,
        [NotNullWhen(true)] out Item? item,
        out ItemError error) => TryCreate(
            new ItemParts { IsMutable = true, PublicKey = publicKey, Salt = salt, Seq = seq, Value = value, Signature = signature },
            out item,
            out error);

    /// <summary>An immutable item of its value, which is copied.</summary>
    /// <param name="value">One value in canonical bencode, at most 1,000 bytes.</param>
    /// <param name="item">The item.</param>
    /// <param name="error">What is wrong if there is none.</param>
    public static bool TryCreateImmutable(ReadOnlyMemory<byte> value, [NotNullWhen(true)] out Item? item, out ItemError error) =>
        TryCreate(new ItemParts { Value = value }, out item, out error);

    /// <summary>Bytes as a value in bencode: their length, a colon, and they themselves.</summary>
    public static byte[] EncodeBytes(ReadOnlySpan<byte> content)
    {
        // The longest length has ten digits.
        var encoded = new byte[content.Length + 11];
        var writer = new BencodeWriter(encoded);
        writer.WriteBytes(content);
        return encoded[..writer.Length];
    }

    /// <summary>The bytes that <see cref="Value"/> stands for; false if it is a number, a list or a dictionary.</summary>
    public bool TryGetBytes(out ReadOnlyMemory<byte> content)
    {
        var isBytes = new BencodeReader(Value.Span).TryReadBytes(out var bytes);
        content = isBytes ? Value[^bytes.Length..] : default;
        return isBytes;
    }

    /// <summary>The text that <see cref="Value"/> stands for; false if it is no bytes, or these are no UTF-8.</summary>
    public bool TryGetText([NotNullWhen(true)] out string? text)
    {
        text = TryGetBytes(out var content) && Utf8.IsValid(content.Span) ? Encoding.UTF8.GetString(content.Span) : null;
        return text is not null;
    }

    /// <inheritdoc/>
    public bool Equals(Item? other) => other is not null && Envelope.Span.SequenceEqual(other.Envelope.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Item);

    /// <summary>That of the key, which no stranger can make collide.</summary>
    public override int GetHashCode() => Key.GetHashCode();

    /// <summary>Its key, and of a mutable one the sequence number: never the value's bytes.</summary>
    public override string ToString() => IsMutable
        ? string.Create(CultureInfo.InvariantCulture, $"{Key} seq {Seq}")
        : Key.ToString();

    /// <summary>An item of parts that were checked and lie in its envelope.</summary>
    internal static Item FromEnvelope(in ItemParts parts, ReadOnlyMemory<byte> envelope) => new(parts, envelope);

    internal static bool TryCreate(in ItemParts parts, [NotNullWhen(true)] out Item? item, out ItemError error)
    {
        item = null;
        error = parts.FindError();
        return error.IsNone && ItemEnvelope.TryRead(ItemEnvelope.Write(parts), out item, out error);
    }

    private static void ThrowIfNoOwner(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> salt)
    {
        if (publicKey.Length != PublicKeyLength)
        {
            throw new ArgumentException(new ItemError(ItemFault.PublicKeyLength, publicKey.Length).ToString(), nameof(publicKey));
        }

        if (salt.Length > MaxSaltLength)
        {
            throw new ArgumentException(new ItemError(ItemFault.SaltLength, salt.Length).ToString(), nameof(salt));
        }
    }
}

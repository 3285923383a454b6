using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Core.Items;

/// <summary>
/// An item as the bytes of an ordinary value, which is how this project's nodes carry it: a dictionary in canonical bencode with the field names
/// of BEP 44, and the field "bep" before them. An item has exactly one such form.
/// </summary>
internal static class ItemEnvelope
{
    /// <summary>The specification that the field "bep" names.</summary>
    public const int Bep = 44;

    /// <summary>In bytes: 10 for the beginning, 38 for the key, 73 for the salt, 26 for the number, 72 for the signature, 1,003 for the value, 1 for the end.</summary>
    public const int MaxLength = 1223;

    private static ReadOnlySpan<byte> Beginning => "d3:bepi44e"u8;

    // How mutable items begin, up to the public key.
    private static ReadOnlySpan<byte> BeginningOfOwned => "d3:bepi44e1:k32:"u8;

    /// <summary>Whether bytes claim to be an item: they are one, or are refused. No ordinary value may begin like this.</summary>
    public static bool LooksLikeItem(ReadOnlySpan<byte> content) => content.StartsWith(Beginning);

    /// <summary>The same of a value: bytes alone can be an item.</summary>
    public static bool IsItemLike(DhtValue value) => value.Kind == DhtValueKind.Bytes && LooksLikeItem(value.AsBytes().Span);

    /// <summary>The public key of a mutable item, 32 bytes. Of other bytes it is false; what follows the key is not looked at.</summary>
    public static bool TryReadPublicKey(ReadOnlySpan<byte> content, out ReadOnlySpan<byte> publicKey)
    {
        var isOwned = content.Length >= BeginningOfOwned.Length + Item.PublicKeyLength && content.StartsWith(BeginningOfOwned);
        publicKey = isOwned ? content.Slice(BeginningOfOwned.Length, Item.PublicKeyLength) : default;
        return isOwned;
    }

    /// <summary>The item that a value is; null if it is none. Whether it is signed, and of its key, is not checked.</summary>
    public static Item? Find(DhtValue? value) =>
        value is { } one && IsItemLike(one) && TryRead(one.AsBytes(), out var item, out _) ? item : null;

    /// <summary>Reads an item whose parts lie in the envelope, which the caller no longer changes. Allocates the item alone.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> envelope, [NotNullWhen(true)] out Item? item, out ItemError error)
    {
        item = null;
        if (envelope.Length > MaxLength)
        {
            error = new ItemError(ItemFault.EnvelopeLength, envelope.Length);
            return false;
        }

        error = ReadParts(envelope, out var parts);
        if (error.IsNone)
        {
            error = parts.FindError();
        }

        item = error.IsNone ? Item.FromEnvelope(parts, envelope) : null;
        return item is not null;
    }

    /// <summary>The envelope of parts that were checked.</summary>
    public static byte[] Write(in ItemParts parts)
    {
        Span<byte> buffer = stackalloc byte[MaxLength];
        var writer = new BencodeWriter(buffer);
        writer.WriteEncoded(Beginning);
        if (parts.IsMutable)
        {
            writer.WriteBytes("k"u8);
            writer.WriteBytes(parts.PublicKey.Span);
            if (!parts.Salt.IsEmpty)
            {
                writer.WriteBytes("salt"u8);
                writer.WriteBytes(parts.Salt.Span);
            }

            writer.WriteBytes("seq"u8);
            writer.WriteInteger(parts.Seq);
            writer.WriteBytes("sig"u8);
            writer.WriteBytes(parts.Signature.Span);
        }

        writer.WriteBytes("v"u8);
        writer.WriteEncoded(parts.Value.Span);
        writer.WriteContainerEnd();
        return buffer[..writer.Length].ToArray();
    }

    private static ItemError ReadParts(ReadOnlyMemory<byte> envelope, out ItemParts parts)
    {
        parts = default;
        var seen = Fields.None;
        var reader = new BencodeReader(envelope.Span);
        if (!reader.TryReadDictionary())
        {
            return new ItemError(ItemFault.EnvelopeForm, reader.Position);
        }

        ReadOnlySpan<byte> previous = default;
        while (!reader.IsContainerEnd)
        {
            var start = reader.Position;
            if (!reader.TryReadKey(seen == Fields.None, previous, out var name))
            {
                return new ItemError(ItemFault.EnvelopeForm, reader.Position);
            }

            var field = FieldOf(name);
            var error = field == Fields.None
                ? new ItemError(ItemFault.FieldUnknown, start)
                : ReadField(ref reader, field, envelope, ref parts);
            if (!error.IsNone)
            {
                return error;
            }

            seen |= field;
            previous = name;
        }

        parts = parts with { IsMutable = (seen & Fields.PublicKey) != 0 };
        return !reader.TryReadContainerEnd() || !reader.IsAtEnd ? new ItemError(ItemFault.EnvelopeForm, reader.Position)
            : seen is Fields.Immutable or Fields.Mutable || (seen == (Fields.Mutable | Fields.Salt) && !parts.Salt.IsEmpty) ? default
            : new ItemError(ItemFault.FieldMissing);
    }

    private static Fields FieldOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("bep"u8) ? Fields.Bep
        : name.SequenceEqual("k"u8) ? Fields.PublicKey
        : name.SequenceEqual("salt"u8) ? Fields.Salt
        : name.SequenceEqual("seq"u8) ? Fields.Seq
        : name.SequenceEqual("sig"u8) ? Fields.Signature
        : name.SequenceEqual("v"u8) ? Fields.Value
        : Fields.None;

    private static ItemError ReadField(ref BencodeReader reader, Fields field, ReadOnlyMemory<byte> envelope, ref ItemParts parts)
    {
        ReadOnlySpan<byte> content;
        var isRead = field switch
        {
            Fields.Bep or Fields.Seq => reader.TryReadNumber(out content),
            Fields.PublicKey or Fields.Salt or Fields.Signature => reader.TryReadBytes(out content),
            Fields.Value => reader.TryReadValue(1, out content),
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "Not one field."),
        };
        if (!isRead)
        {
            return new ItemError(ItemFault.EnvelopeForm, reader.Position);
        }

        var memory = envelope[(reader.Position - content.Length)..reader.Position];
        switch (field)
        {
            case Fields.Bep:
                return content.SequenceEqual("44"u8) ? default : new ItemError(ItemFault.EnvelopeKind);
            case Fields.Seq:
                var isSeq = long.TryParse(content, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seq);
                parts = parts with { Seq = seq };
                return isSeq ? default : new ItemError(ItemFault.SeqTooWide);
            case Fields.PublicKey:
                parts = parts with { PublicKey = memory };
                return default;
            case Fields.Salt:
                parts = parts with { Salt = memory };
                return default;
            case Fields.Signature:
                parts = parts with { Signature = memory };
                return default;
            case Fields.Value:
                parts = parts with { Value = memory };
                return default;
            default:
                throw new ArgumentOutOfRangeException(nameof(field), field, "Not one field.");
        }
    }

    [Flags]
    private enum Fields
    {
        None = 0,
        Bep = 1,
        PublicKey = 2,
        Salt = 4,
        Seq = 8,
        Signature = 16,
        Value = 32,
        Immutable = Bep | Value,
        Mutable = Bep | PublicKey | Seq | Signature | Value,
    }
}

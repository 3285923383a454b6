using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Unicode;

namespace KadOrleans.Core.Values;

// The content of a value in every storage: text and bytes as they are, numbers as 8 bytes, big-endian, a boolean as one. A value alone is a byte of
// its type and its content; no bytes are no value.
internal static class ValueContent
{
    public static bool IsType(byte type) => type is >= (byte)ContentType.Text and <= (byte)ContentType.Bytes;

    /// <summary>The value alone. Empty for the default value.</summary>
    public static byte[] Encode(DhtValue value)
    {
        if (value.Kind == DhtValueKind.None)
        {
            return [];
        }

        var encoded = new byte[1 + value.ContentLength];
        encoded[0] = (byte)Write(value, encoded.AsSpan(1));
        return encoded;
    }

    /// <summary>128 bits of a value and its type: anybody can compute them, and nobody finds another value with the same ones.</summary>
    public static UInt128 DigestOf(DhtValue value)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encode(value), digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }

    /// <summary>Reads a value alone, of any length. False if no value has this form.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, out DhtValue value)
    {
        value = default;
        return !encoded.IsEmpty && TryRead((ContentType)encoded[0], encoded[1..], out value);
    }

    public static ContentType TypeOf(DhtValue value) => value.Kind switch
    {
        DhtValueKind.String => ContentType.Text,
        DhtValueKind.Integer => value.AsInteger() < 0 ? ContentType.NegativeInteger : ContentType.NonNegativeInteger,
        DhtValueKind.Float => ContentType.Float,
        DhtValueKind.Boolean => ContentType.Boolean,
        DhtValueKind.Bytes => ContentType.Bytes,
        _ => throw new ArgumentException($"A value of type {value.Kind} cannot be stored.", nameof(value)),
    };

    public static ContentType Write(DhtValue value, Span<byte> destination)
    {
        var type = TypeOf(value);
        switch (type)
        {
            case ContentType.Text:
                value.AsUtf8().Span.CopyTo(destination);
                break;
            case ContentType.Bytes:
                value.AsBytes().Span.CopyTo(destination);
                break;
            case ContentType.Float:
                BinaryPrimitives.WriteDoubleBigEndian(destination, value.AsFloat());
                break;
            case ContentType.Boolean:
                destination[0] = value.AsBoolean() ? (byte)1 : (byte)0;
                break;
            case ContentType.NonNegativeInteger or ContentType.NegativeInteger:
                BinaryPrimitives.WriteUInt64BigEndian(destination, unchecked((ulong)value.AsInteger()));
                break;
            default:
                throw new UnreachableException($"The content is {type}.");
        }

        return type;
    }

    public static bool IsValid(ContentType type, ReadOnlySpan<byte> content) => type switch
    {
        ContentType.Text => Utf8.IsValid(content),
        ContentType.NonNegativeInteger or ContentType.Float => content.Length == sizeof(ulong),
        ContentType.NegativeInteger => content.Length == sizeof(long) && content[0] >= 0x80,
        ContentType.Boolean => content is [0 or 1],
        ContentType.Bytes => true,
        _ => false,
    };

    public static bool TryRead(ContentType type, ReadOnlySpan<byte> content, out DhtValue value)
    {
        value = !IsValid(type, content) ? default : type switch
        {
            ContentType.Text => DhtValue.FromUtf8(content.ToArray()),
            ContentType.NonNegativeInteger => DhtValue.FromInteger(BinaryPrimitives.ReadUInt64BigEndian(content)),
            ContentType.NegativeInteger => DhtValue.FromInteger(BinaryPrimitives.ReadInt64BigEndian(content)),
            ContentType.Float => DhtValue.FromFloat(BinaryPrimitives.ReadDoubleBigEndian(content)),
            ContentType.Boolean => DhtValue.FromBoolean(content[0] != 0),
            ContentType.Bytes => DhtValue.FromBytes(content.ToArray()),
        };
        return value.Kind != DhtValueKind.None;
    }
}

/// <summary>Storage has these numbers: they never change.</summary>
internal enum ContentType : byte
{
    Text = 1,
    NonNegativeInteger = 2,
    NegativeInteger = 3,
    Float = 4,
    Boolean = 5,
    Bytes = 6,
}

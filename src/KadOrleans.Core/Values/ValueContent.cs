using System.Buffers.Binary;
using System.Text.Unicode;

namespace KadOrleans.Core.Values;

/// <summary>
/// The content of a value as every storage has it: text and bytes as they are, numbers in 8 bytes, big-endian, booleans in one. The
/// node's segments and the shards' records differ only in where they say the type.
/// </summary>
internal static class ValueContent
{
    /// <summary>The type of a value.</summary>
    /// <exception cref="ArgumentException">The value is of none of the five types.</exception>
    public static ContentType TypeOf(DhtValue value) => value.Kind switch
    {
        DhtValueKind.String => ContentType.Text,
        DhtValueKind.Integer => value.AsInteger() < 0 ? ContentType.NegativeInteger : ContentType.NonNegativeInteger,
        DhtValueKind.Float => ContentType.Float,
        DhtValueKind.Boolean => ContentType.Boolean,
        DhtValueKind.Bytes => ContentType.Bytes,
        _ => throw new ArgumentException($"A value of type {value.Kind} cannot be stored.", nameof(value)),
    };

    /// <summary>Writes the <see cref="DhtValue.ContentLength"/> bytes of a content, and returns its type.</summary>
    /// <exception cref="ArgumentException">The value is of none of the five types.</exception>
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
            default:
                BinaryPrimitives.WriteUInt64BigEndian(destination, unchecked((ulong)value.AsInteger()));
                break;
        }

        return type;
    }

    /// <summary>Whether these are the bytes of a content.</summary>
    public static bool IsValid(ContentType type, ReadOnlySpan<byte> content) => content.Length <= StoreRules.MaxContentLength && type switch
    {
        ContentType.Text => Utf8.IsValid(content),
        ContentType.NonNegativeInteger or ContentType.Float => content.Length == sizeof(ulong),
        ContentType.NegativeInteger => content.Length == sizeof(long) && content[0] >= 0x80,
        ContentType.Boolean => content.Length == sizeof(bool),
        ContentType.Bytes => true,
        _ => false,
    };

    /// <summary>Reads a content. False if these are not the bytes of one.</summary>
    public static bool TryRead(ContentType type, ReadOnlySpan<byte> content, out DhtValue value)
    {
        value = !IsValid(type, content) ? default : type switch
        {
            ContentType.Text => DhtValue.FromUtf8(content.ToArray()),
            ContentType.NonNegativeInteger => DhtValue.FromInteger(BinaryPrimitives.ReadUInt64BigEndian(content)),
            ContentType.NegativeInteger => DhtValue.FromInteger(BinaryPrimitives.ReadInt64BigEndian(content)),
            ContentType.Float => DhtValue.FromFloat(BinaryPrimitives.ReadDoubleBigEndian(content)),
            ContentType.Boolean => DhtValue.FromBoolean(content[0] != 0),
            _ => DhtValue.FromBytes(content.ToArray()),
        };
        return value.Kind != DhtValueKind.None;
    }
}

/// <summary>The types of content, by the numbers that storage has of them: they never change.</summary>
internal enum ContentType : byte
{
    /// <summary>Text in UTF-8.</summary>
    Text = 1,

    /// <summary>A whole number of 0 or more.</summary>
    NonNegativeInteger = 2,

    /// <summary>A whole number below 0.</summary>
    NegativeInteger = 3,

    /// <summary>A 64-bit floating-point number.</summary>
    Float = 4,

    /// <summary>0 or 1.</summary>
    Boolean = 5,

    /// <summary>Any bytes.</summary>
    Bytes = 6,
}

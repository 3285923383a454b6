using System.Buffers.Binary;
using System.Text.Unicode;
using KadOrleans.Core.Values;

namespace KadOrleans.Storage.Sqlite.Format;

/// <summary>
/// A value in the file: one byte of type, then the content. Numbers are 8 bytes, big-endian; booleans have no
/// content. The type bytes are the file's own, so that the core's enum may change.
/// </summary>
internal static class ValueCodec
{
    private const byte Text = 1;
    private const byte NonNegativeInteger = 2;
    private const byte NegativeInteger = 3;
    private const byte Float = 4;
    private const byte False = 5;
    private const byte True = 6;
    private const byte Bytes = 7;

    /// <summary>The longest encoding.</summary>
    public const int MaxLength = 1 + StoreRules.MaxContentLength;

    /// <summary>The bytes that <see cref="Write"/> writes.</summary>
    public static int LengthOf(DhtValue value) => value.Kind == DhtValueKind.Boolean ? 1 : 1 + value.ContentLength;

    /// <summary>The bytes of a value.</summary>
    /// <exception cref="ArgumentException">The value is of none of the five types.</exception>
    public static byte[] Encode(DhtValue value)
    {
        var encoded = new byte[LengthOf(value)];
        Write(value, encoded);
        return encoded;
    }

    /// <summary>Writes the bytes of a value.</summary>
    /// <exception cref="ArgumentException">The value is of none of the five types.</exception>
    public static void Write(DhtValue value, Span<byte> destination)
    {
        var content = destination[1..];
        switch (value.Kind)
        {
            case DhtValueKind.String:
                destination[0] = Text;
                value.AsUtf8().Span.CopyTo(content);
                break;
            case DhtValueKind.Integer:
                destination[0] = value.AsInteger() < 0 ? NegativeInteger : NonNegativeInteger;
                BinaryPrimitives.WriteUInt64BigEndian(content, unchecked((ulong)value.AsInteger()));
                break;
            case DhtValueKind.Float:
                destination[0] = Float;
                BinaryPrimitives.WriteDoubleBigEndian(content, value.AsFloat());
                break;
            case DhtValueKind.Boolean:
                destination[0] = value.AsBoolean() ? True : False;
                break;
            case DhtValueKind.Bytes:
                destination[0] = Bytes;
                value.AsBytes().Span.CopyTo(content);
                break;
            default:
                throw new ArgumentException($"A value of type {value.Kind} cannot be stored.", nameof(value));
        }
    }

    /// <summary>The length of a value's content, without making the value. False if these are not the bytes of one.</summary>
    public static bool TryMeasure(ReadOnlySpan<byte> encoded, out int contentLength)
    {
        contentLength = 0;
        if (encoded.IsEmpty)
        {
            return false;
        }

        var content = encoded[1..];
        contentLength = encoded[0] is False or True ? sizeof(bool) : content.Length;
        return contentLength <= StoreRules.MaxContentLength && encoded[0] switch
        {
            Text => Utf8.IsValid(content),
            NonNegativeInteger or Float => content.Length == sizeof(ulong),
            NegativeInteger => content.Length == sizeof(long) && content[0] >= 0x80,
            False or True => content.IsEmpty,
            Bytes => true,
            _ => false,
        };
    }

    /// <summary>Reads a value back. False if these are not the bytes of one.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, out DhtValue value)
    {
        value = default;
        if (encoded.IsEmpty)
        {
            return false;
        }

        var content = encoded[1..];
        value = encoded[0] switch
        {
            Text when Utf8.IsValid(content) => DhtValue.FromUtf8(content.ToArray()),
            NonNegativeInteger when content.Length == sizeof(ulong) =>
                DhtValue.FromInteger(BinaryPrimitives.ReadUInt64BigEndian(content)),
            NegativeInteger when content.Length == sizeof(long) && content[0] >= 0x80 =>
                DhtValue.FromInteger(BinaryPrimitives.ReadInt64BigEndian(content)),
            Float when content.Length == sizeof(double) =>
                DhtValue.FromFloat(BinaryPrimitives.ReadDoubleBigEndian(content)),
            False when content.IsEmpty => DhtValue.FromBoolean(false),
            True when content.IsEmpty => DhtValue.FromBoolean(true),
            Bytes => DhtValue.FromBytes(content.ToArray()),
            _ => default,
        };
        return StoreRules.FindRefusal(value) is null;
    }
}

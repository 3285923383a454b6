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

    /// <summary>The bytes of a value.</summary>
    /// <exception cref="ArgumentException">The value is of none of the five types.</exception>
    public static byte[] Encode(DhtValue value) => value.Kind switch
    {
        DhtValueKind.String => [Text, .. value.AsUtf8().Span],
        DhtValueKind.Integer when value.AsInteger() < 0 => Number(NegativeInteger, (ulong)(long)value.AsInteger()),
        DhtValueKind.Integer => Number(NonNegativeInteger, (ulong)value.AsInteger()),
        DhtValueKind.Float => Number(Float, BitConverter.DoubleToUInt64Bits(value.AsFloat())),
        DhtValueKind.Boolean => [value.AsBoolean() ? True : False],
        DhtValueKind.Bytes => [Bytes, .. value.AsBytes().Span],
        _ => throw new ArgumentException($"A value of type {value.Kind} cannot be stored.", nameof(value)),
    };

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
        return StoreRules.Check(value) == StoreResult.Stored;
    }

    private static byte[] Number(byte type, ulong bits)
    {
        var encoded = new byte[1 + sizeof(ulong)];
        encoded[0] = type;
        BinaryPrimitives.WriteUInt64BigEndian(encoded.AsSpan(1), bits);
        return encoded;
    }
}

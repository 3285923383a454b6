using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Wire.MessagePack;

/// <summary>
/// One header and what belongs to it alone: a whole scalar, or the item count of an array or map whose items follow.
/// </summary>
internal readonly ref struct MessagePackToken
{
    private readonly ulong _bits;
    private readonly bool _negative;

    private MessagePackToken(MessagePackType type, ulong bits, bool negative = false)
    {
        Type = type;
        _bits = bits;
        _negative = negative;
    }

    private MessagePackToken(MessagePackType type, ReadOnlySpan<byte> content)
    {
        Type = type;
        Content = content;
    }

    /// <summary>What it is.</summary>
    public MessagePackType Type { get; }

    /// <summary>The bytes of a text (valid UTF-8), bin or ext; else empty.</summary>
    public ReadOnlySpan<byte> Content { get; }

    /// <summary>Items of an array, pairs of a map; else 0. Never more than the bytes behind it could hold.</summary>
    public int Count => IsContainer ? (int)_bits : 0;

    /// <summary>Whether other objects follow as its items.</summary>
    public bool IsContainer => Type is MessagePackType.Array or MessagePackType.Map;

    /// <summary>Whether it is text or bin: peers of another age write one for the other.</summary>
    public bool IsName => Type is MessagePackType.String or MessagePackType.Binary;

    /// <summary>Whether it is the boolean true.</summary>
    public bool IsTrue => Type == MessagePackType.Boolean && _bits != 0;

    /// <summary>Whether it is the boolean false.</summary>
    public bool IsFalse => Type == MessagePackType.Boolean && _bits == 0;

    /// <summary>Whether it is the whole number 0.</summary>
    public bool IsZero => Type == MessagePackType.Integer && _bits == 0;

    public static MessagePackToken Nil => new(MessagePackType.Nil, 0);

    public static MessagePackToken Boolean(bool value) => new(MessagePackType.Boolean, value ? 1UL : 0UL);

    public static MessagePackToken Unsigned(ulong number) => new(MessagePackType.Integer, number);

    public static MessagePackToken Signed(long number) => new(
        MessagePackType.Integer, unchecked((ulong)number), number < 0);

    public static MessagePackToken Float(double number) => new(
        MessagePackType.Float, BitConverter.DoubleToUInt64Bits(number));

    public static MessagePackToken Bytes(MessagePackType type, ReadOnlySpan<byte> content) => new(type, content);

    public static MessagePackToken Container(MessagePackType type, int count) => new(type, (ulong)count);

    /// <summary>Reads an id or key: bin of exactly 20 bytes.</summary>
    public bool TryGetNodeId(out NodeId id)
    {
        if (Type == MessagePackType.Binary && Content.Length == NodeId.Length)
        {
            id = new NodeId(Content);
            return true;
        }

        id = default;
        return false;
    }

    /// <summary>Reads a port: a whole number from 1 to 65535.</summary>
    public bool TryGetPort(out ushort port)
    {
        // A negative number has its upper bits set, so it is above the range too.
        var valid = Type == MessagePackType.Integer && _bits is > 0 and <= ushort.MaxValue;
        port = valid ? (ushort)_bits : (ushort)0;
        return valid;
    }

    /// <summary>
    /// Copies the content into a value. Nil, arrays, maps and ext are none of the five types and give
    /// <c>default</c>. The only place of the decoder that allocates, and never more than the content.
    /// </summary>
    public DhtValue ToValue() => Type switch
    {
        MessagePackType.String => DhtValue.FromUtf8(Content.ToArray()),
        MessagePackType.Binary => DhtValue.FromBytes(Content.ToArray()),
        MessagePackType.Integer => DhtValue.FromInteger(_negative ? unchecked((long)_bits) : _bits),
        MessagePackType.Float => DhtValue.FromFloat(BitConverter.UInt64BitsToDouble(_bits)),
        MessagePackType.Boolean => DhtValue.FromBoolean(_bits != 0),
        _ => default,
    };
}

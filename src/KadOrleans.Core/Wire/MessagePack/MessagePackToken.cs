namespace KadOrleans.Core;

/// <summary>A whole scalar, or the header of an array or map whose items follow.</summary>
internal readonly ref struct MessagePackToken
{
    private readonly ulong _bits;
    private readonly bool _negative;

    private MessagePackToken(MessagePackType type, ulong bits, bool negative = false) =>
        (Type, _bits, _negative) = (type, bits, negative);

    private MessagePackToken(MessagePackType type, ReadOnlySpan<byte> content)
    {
        Type = type;
        Content = content;
    }

    public MessagePackType Type { get; }

    /// <summary>Of a text (valid UTF-8), bin or ext; else empty.</summary>
    public ReadOnlySpan<byte> Content { get; }

    /// <summary>Items of an array, pairs of a map: never more than the bytes behind it could hold.</summary>
    public int Count => IsContainer ? (int)_bits : 0;

    public bool IsContainer => Type is MessagePackType.Array or MessagePackType.Map;

    /// <summary>Peers of another age write text for bin, or bin for text.</summary>
    public bool IsName => Type is MessagePackType.String or MessagePackType.Binary;

    public bool IsTrue => Type == MessagePackType.Boolean && _bits != 0;

    public bool IsFalse => Type == MessagePackType.Boolean && _bits == 0;

    public bool IsZero => Type == MessagePackType.Integer && _bits == 0;

    public static MessagePackToken Nil => new(MessagePackType.Nil, 0);

    public static MessagePackToken Boolean(bool value) => new(MessagePackType.Boolean, value ? 1UL : 0UL);

    public static MessagePackToken Unsigned(ulong number) => new(MessagePackType.Integer, number);

    public static MessagePackToken Signed(long number) => new(MessagePackType.Integer, unchecked((ulong)number), number < 0);

    public static MessagePackToken Float(double number) => new(MessagePackType.Float, BitConverter.DoubleToUInt64Bits(number));

    public static MessagePackToken Bytes(MessagePackType type, ReadOnlySpan<byte> content) => new(type, content);

    public static MessagePackToken Container(MessagePackType type, int count) => new(type, (ulong)count);

    public bool TryGetNodeId(out NodeId id)
    {
        var isId = Type == MessagePackType.Binary && Content.Length == NodeId.Length;
        id = isId ? new NodeId(Content) : default;
        return isId;
    }

    public bool TryGetPort(out ushort port)
    {
        // A negative number has its upper bits set, so it is above the range too.
        var valid = Type == MessagePackType.Integer && _bits is > 0 and <= ushort.MaxValue;
        port = valid ? (ushort)_bits : (ushort)0;
        return valid;
    }

    // Nil, arrays, maps and ext are none of the five types. The only place of the decoder that allocates, at most the content.
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

internal enum MessagePackType : byte
{
    Nil,
    Boolean,
    Integer,
    Float,
    String,
    Binary,
    Array,
    Map,
    /// <summary>Read past, never written.</summary>
    Extension,
}

/// <summary>First bytes of objects, as the MessagePack specification names them.</summary>
internal static class MessagePackCode
{
    public const byte MaxPositiveFixInt = 0x7F;
    public const byte FixMap = 0x80;
    public const byte FixArray = 0x90;
    public const byte FixString = 0xA0;
    public const byte Nil = 0xC0;
    public const byte False = 0xC2;
    public const byte True = 0xC3;
    public const byte Binary8 = 0xC4;
    public const byte Binary16 = 0xC5;
    public const byte Binary32 = 0xC6;
    public const byte Extension8 = 0xC7;
    public const byte Extension16 = 0xC8;
    public const byte Extension32 = 0xC9;
    public const byte Float32 = 0xCA;
    public const byte Float64 = 0xCB;
    public const byte Unsigned8 = 0xCC;
    public const byte Unsigned16 = 0xCD;
    public const byte Unsigned32 = 0xCE;
    public const byte Unsigned64 = 0xCF;
    public const byte Signed8 = 0xD0;
    public const byte Signed16 = 0xD1;
    public const byte Signed32 = 0xD2;
    public const byte Signed64 = 0xD3;
    public const byte FixExtension1 = 0xD4;
    public const byte FixExtension16 = 0xD8;
    public const byte String8 = 0xD9;
    public const byte String16 = 0xDA;
    public const byte String32 = 0xDB;
    public const byte Array16 = 0xDC;
    public const byte Array32 = 0xDD;
    public const byte Map16 = 0xDE;
    public const byte Map32 = 0xDF;
    public const byte MinNegativeFixInt = 0xE0;

    public const int MaxFixCount = 15;

    public const int MaxFixStringLength = 31;
}

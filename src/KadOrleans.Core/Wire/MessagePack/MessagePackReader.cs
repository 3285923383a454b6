using System.Text.Unicode;
using static KadOrleans.Core.MessagePackCode;

namespace KadOrleans.Core;

// Reads a stranger's MessagePack. It never throws or allocates: every length and count is checked against the remaining bytes.
// Headers wider than needed are accepted. After a failure the reader must not be used again.
internal ref struct MessagePackReader(ReadOnlySpan<byte> buffer)
{
    // Messages need three levels; the rest is for values of other nodes that are read past. It bounds the recursion of TrySkip.
    public const int MaxDepth = 16;

    private readonly ReadOnlySpan<byte> _buffer = buffer;
    private int _position;

    public readonly ReadOnlySpan<byte> Rest => _buffer[_position..];

    private readonly int Remaining => _buffer.Length - _position;

    /// <summary>Reads one header and, of a scalar, all of it.</summary>
    public bool TryRead(out MessagePackToken token)
    {
        token = default;
        if (!TryTake(1, out var first))
        {
            return false;
        }

        var code = first[0];
        switch (code)
        {
            case <= MaxPositiveFixInt:
                token = new MessagePackToken(MessagePackType.Integer, code);
                return true;
            case < FixArray:
                return TryReadContainer(MessagePackType.Map, (uint)code - FixMap, out token);
            case < FixString:
                return TryReadContainer(MessagePackType.Array, (uint)code - FixArray, out token);
            case < MessagePackCode.Nil:
                return TryReadBytes(MessagePackType.String, (uint)code - FixString, out token);
            case >= MinNegativeFixInt:
                token = new MessagePackToken(MessagePackType.Integer, unchecked((ulong)(sbyte)code), isNegative: true);
                return true;
            default:
                return TryReadCoded(code, out token);
        }
    }

    // Reads one whole object in so many containers, and gives its bytes, which are then known to be well-formed.
    public bool TryReadObject(int depth, out ReadOnlySpan<byte> encoded)
    {
        var start = _position;
        var skipped = TrySkip(depth);
        encoded = skipped ? _buffer[start.._position] : default;
        return skipped;
    }

    public bool TrySkip(int depth)
    {
        if (!TryRead(out var token) || (token.IsContainer && depth >= MaxDepth))
        {
            return false;
        }

        var objects = token.Type == MessagePackType.Map ? token.Count * 2 : token.Count;
        for (var i = 0; i < objects; i++)
        {
            if (!TrySkip(depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryReadCoded(byte code, out MessagePackToken token)
    {
        switch (code)
        {
            case MessagePackCode.Nil:
                token = new MessagePackToken(MessagePackType.Nil, 0);
                return true;
            case False or True:
                token = new MessagePackToken(MessagePackType.Boolean, (uint)code - False);
                return true;
            case Float32 or Float64:
                return TryReadFloat(code, out token);
            case >= Unsigned8 and <= Signed64:
                return TryReadInteger(code, out token);
            case Binary8 or Binary16 or Binary32:
                return TryReadSized(MessagePackType.Binary, 1 << (code - Binary8), out token);
            case String8 or String16 or String32:
                return TryReadSized(MessagePackType.String, 1 << (code - String8), out token);
            case Extension8 or Extension16 or Extension32:
                return TryReadSized(MessagePackType.Extension, 1 << (code - Extension8), out token);
            case >= FixExtension1 and <= FixExtension16:
                return TryReadBytes(MessagePackType.Extension, 1UL << (code - FixExtension1), out token);
            case Array16 or Array32:
                return TryReadSized(MessagePackType.Array, 2 << (code - Array16), out token);
            case Map16 or Map32:
                return TryReadSized(MessagePackType.Map, 2 << (code - Map16), out token);
            default:
                token = default;
                return false;
        }
    }

    private bool TryReadFloat(byte code, out MessagePackToken token)
    {
        var read = TryReadNumber(code == Float32 ? sizeof(float) : sizeof(double), out var bits);
        bits = code == Float32 ? BitConverter.DoubleToUInt64Bits(BitConverter.UInt32BitsToSingle((uint)bits)) : bits;
        token = new MessagePackToken(MessagePackType.Float, bits);
        return read;
    }

    private bool TryReadInteger(byte code, out MessagePackToken token)
    {
        var signed = code >= Signed8;
        var width = 1 << (code - (signed ? Signed8 : Unsigned8));
        var read = TryReadNumber(width, out var bits);

        // Shifting the sign bit to the top and back fills the upper bytes with it.
        var unused = 64 - (8 * width);
        var number = unchecked((long)(bits << unused)) >> unused;
        token = new MessagePackToken(MessagePackType.Integer, signed ? unchecked((ulong)number) : bits, signed && number < 0);
        return read;
    }

    private bool TryReadSized(MessagePackType type, int width, out MessagePackToken token)
    {
        token = default;
        var isContainer = type is MessagePackType.Array or MessagePackType.Map;
        return TryReadNumber(width, out var size)
            && (isContainer ? TryReadContainer(type, size, out token) : TryReadBytes(type, size, out token));
    }

    private bool TryReadBytes(MessagePackType type, ulong length, out MessagePackToken token)
    {
        // The application's type number stands between the length of an ext and its bytes.
        ReadOnlySpan<byte> content = default;
        var read = (type != MessagePackType.Extension || TryTake(1, out _))
            && TryTake(length, out content)
            && (type != MessagePackType.String || Utf8.IsValid(content));
        token = read ? new MessagePackToken(type, content) : default;
        return read;
    }

    private bool TryReadContainer(MessagePackType type, ulong count, out MessagePackToken token)
    {
        // Each object takes a byte at least. A count that the datagram could not hold is refused.
        var fits = (type == MessagePackType.Map ? count * 2 : count) <= (ulong)Remaining;
        token = fits ? new MessagePackToken(type, count) : default;
        return fits;
    }

    private bool TryReadNumber(int width, out ulong number)
    {
        var read = TryTake((ulong)width, out var bytes);
        number = bytes.Length switch
        {
            0 => 0,
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
        return read;
    }

    private bool TryTake(ulong length, out ReadOnlySpan<byte> bytes)
    {
        var isThere = length <= (ulong)Remaining;
        bytes = isThere ? _buffer.Slice(_position, (int)length) : default;
        _position += bytes.Length;
        return isThere;
    }
}

/// <summary>A whole scalar, or the header of an array or map whose items follow.</summary>
internal readonly ref struct MessagePackToken
{
    private readonly ulong _bits;
    private readonly bool _negative;

    public MessagePackToken(MessagePackType type, ulong bits, bool isNegative = false) =>
        (Type, _bits, _negative) = (type, bits, isNegative);

    public MessagePackToken(MessagePackType type, ReadOnlySpan<byte> content)
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

    /// <summary>Nodes under Python 2 write bin where others write text.</summary>
    public bool IsName => Type is MessagePackType.String or MessagePackType.Binary;

    public bool IsTrue => Type == MessagePackType.Boolean && _bits != 0;

    public bool IsFalse => Type == MessagePackType.Boolean && _bits == 0;

    public bool IsZero => Type == MessagePackType.Integer && _bits == 0;

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

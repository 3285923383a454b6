using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace KadOrleans.Core;

/// <summary>A 160-bit id of a node or of a key, an unsigned big-endian number (Kademlia §2).</summary>
public readonly record struct NodeId : IComparable<NodeId>, IComparisonOperators<NodeId, NodeId, bool>
{
    /// <summary>Length of an id in bytes.</summary>
    public const int Length = 20;

    /// <summary>Length of an id in bits.</summary>
    public const int BitLength = Length * 8;

    private readonly ulong _high;
    private readonly ulong _middle;
    private readonly uint _low;

    private NodeId(ulong high, ulong middle, uint low) => (_high, _middle, _low) = (high, middle, low);

    /// <summary>Reads an id from its 20 bytes.</summary>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> is not 20 bytes long.</exception>
    public NodeId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"An id is {Length} bytes long, not {bytes.Length}.", nameof(bytes));
        }

        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _middle = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _low = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>The lowest id: all bits 0.</summary>
    public static NodeId MinValue => default;

    /// <summary>The highest id: all bits 1.</summary>
    public static NodeId MaxValue => new(ulong.MaxValue, ulong.MaxValue, uint.MaxValue);

    /// <summary>The id under which a text key is stored: the SHA-1 of its UTF-8 bytes.</summary>
    /// <exception cref="ArgumentException">The text has half of a surrogate pair: two keys would have one id.</exception>
    public static NodeId FromKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return FromKey(StrictUtf8.ToBytes(key).AsSpan());
    }

    /// <summary>The id under which a binary key is stored: the SHA-1 of its bytes.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "SHA-1 places keys in the id space and is fixed by the wire protocol; nothing relies on it for secrecy.")]
    public static NodeId FromKey(ReadOnlySpan<byte> key)
    {
        Span<byte> digest = stackalloc byte[Length];
        SHA1.HashData(key, digest);
        return new NodeId(digest);
    }

    /// <summary>An id drawn uniformly from the whole space.</summary>
    public static NodeId Random(IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> bytes = stackalloc byte[Length];
        random.Fill(bytes);
        return new NodeId(bytes);
    }

    /// <summary>An id drawn uniformly from those that share their first <paramref name="prefixLength"/> bits with this one.</summary>
    /// <param name="prefixLength">0 to 160 bits.</param>
    /// <param name="random">Where the other bits come from.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is not 0 to 160.</exception>
    public NodeId RandomWithPrefix(int prefixLength, IRandomSource random)
    {
        var other = Random(random);
        return other.Xor(Xor(other).Prefix(prefixLength));
    }

    /// <summary>Parses 40 hexadecimal digits of either case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NodeId id)
    {
        Span<byte> bytes = stackalloc byte[Length];
        var isId = text is { Length: Length * 2 }
            && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        id = isId ? new NodeId(bytes) : default;
        return isId;
    }

    /// <summary>Parses 40 hexadecimal digits of either case.</summary>
    /// <exception cref="FormatException"><paramref name="text"/> is anything else.</exception>
    public static NodeId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var id)
            ? id
            : throw new FormatException($"'{text}' is not an id: {Length * 2} hexadecimal digits are needed.");
    }

    /// <summary>Writes the 20 bytes of the id.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="destination"/> is shorter than that.</exception>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _middle);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _low);
    }

    /// <summary>The 20 bytes of the id.</summary>
    public byte[] ToByteArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>The XOR metric (Kademlia §2.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Distance DistanceTo(NodeId other) => new(Xor(other));

    /// <summary>How many leading bits the two ids share: 0 to 160.</summary>
    public int CommonPrefixLength(NodeId other) => DistanceTo(other).LeadingZeroBits;

    /// <summary>The bit at <paramref name="index"/>, counted from the most significant, 0 to 159. Other indexes are not checked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool GetBit(int index) => index switch
    {
        < 64 => ((_high >> (63 - index)) & 1) != 0,
        < 128 => ((_middle >> (127 - index)) & 1) != 0,
        _ => ((_low >> (159 - index)) & 1) != 0,
    };

    /// <summary>This id with the bit at <paramref name="index"/> set to <paramref name="value"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not 0 to 159.</exception>
    public NodeId WithBit(int index, bool value)
    {
        var mask = PrefixMask(index + 1).Xor(PrefixMask(index));
        return GetBit(index) == value ? this : Xor(mask);
    }

    /// <summary>This id with all bits behind the first <paramref name="prefixLength"/> set to 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is not 0 to 160.</exception>
    public NodeId Prefix(int prefixLength) => Masked(PrefixMask(prefixLength));

    /// <summary>This id with all bits set to 0 that are 0 in <paramref name="mask"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NodeId Masked(NodeId mask) => new(_high & mask._high, _middle & mask._middle, _low & mask._low);

    /// <summary>Under a secret of the process: a stranger cannot choose ids that collide.</summary>
    public override int GetHashCode() => GetHashCode(UniversalHash.OfProcess);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int GetHashCode(in UniversalHash hash) => hash.Compute(_high, _middle, _low);

    /// <summary>Orders ids as big-endian numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CompareTo(NodeId other) => _high != other._high ? (_high < other._high ? -1 : 1)
        : _middle != other._middle ? (_middle < other._middle ? -1 : 1)
        : _low.CompareTo(other._low);

    /// <summary>40 lower-case hexadecimal digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_high:x16}{_middle:x16}{_low:x8}");

    /// <inheritdoc/>
    public static bool operator <(NodeId left, NodeId right) => left.CompareTo(right) < 0;

    /// <inheritdoc/>
    public static bool operator >(NodeId left, NodeId right) => left.CompareTo(right) > 0;

    /// <inheritdoc/>
    public static bool operator <=(NodeId left, NodeId right) => left.CompareTo(right) <= 0;

    /// <inheritdoc/>
    public static bool operator >=(NodeId left, NodeId right) => left.CompareTo(right) >= 0;

    internal int LeadingZeroBits => _high != 0 ? BitOperations.LeadingZeroCount(_high)
        : _middle != 0 ? 64 + BitOperations.LeadingZeroCount(_middle)
        : 128 + BitOperations.LeadingZeroCount(_low);

    /// <summary>This id with all bits behind the first <paramref name="prefixLength"/> set to 1.</summary>
    internal NodeId WithOnesBehind(int prefixLength)
    {
        var mask = PrefixMask(prefixLength);
        return new NodeId(_high | ~mask._high, _middle | ~mask._middle, _low | ~mask._low);
    }

    /// <summary>The first 0 to 31 bits as a number.</summary>
    internal int FirstBits(int count) => count == 0 ? 0 : (int)(_high >> (64 - count));

    internal double ToFraction() => (_high / Math.Pow(2, 64)) + (_middle / Math.Pow(2, 128));

    private static NodeId PrefixMask(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, BitLength);
        return new NodeId(
            TopBits(Math.Min(length, 64)),
            TopBits(Math.Clamp(length - 64, 0, 64)),
            (uint)(TopBits(Math.Clamp(length - 128, 0, 32)) >> 32));
    }

    private static ulong TopBits(int count) => count == 0 ? 0 : ulong.MaxValue << (64 - count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private NodeId Xor(NodeId other) => new(_high ^ other._high, _middle ^ other._middle, _low ^ other._low);
}

/// <summary>The XOR of two ids, ordered as an unsigned 160-bit number (Kademlia §2.1). Nearer is smaller.</summary>
public readonly record struct Distance : IComparable<Distance>, IComparisonOperators<Distance, Distance, bool>
{
    private readonly NodeId _difference;

    internal Distance(NodeId difference) => _difference = difference;

    /// <summary>The distance of an id to itself.</summary>
    public static Distance Zero => default;

    /// <summary>The length of the prefix that the two ids share, 0 to 160 bits.</summary>
    public int LeadingZeroBits => _difference.LeadingZeroBits;

    /// <summary>
    /// How far the farthest id of a range is: the range has all ids that share so many leading bits with one of this distance.
    /// </summary>
    internal Distance FarthestOfRange(int depth) => new(_difference.WithOnesBehind(depth));

    /// <summary>The distance as a share of the whole space, 0 to 1. Precise to 53 bits: for estimates, not for ordering.</summary>
    public double ToFraction() => _difference.ToFraction();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CompareTo(Distance other) => _difference.CompareTo(other._difference);

    /// <summary>40 lower-case hexadecimal digits.</summary>
    public override string ToString() => _difference.ToString();

    /// <inheritdoc/>
    public static bool operator <(Distance left, Distance right) => left.CompareTo(right) < 0;

    /// <inheritdoc/>
    public static bool operator >(Distance left, Distance right) => left.CompareTo(right) > 0;

    /// <inheritdoc/>
    public static bool operator <=(Distance left, Distance right) => left.CompareTo(right) <= 0;

    /// <inheritdoc/>
    public static bool operator >=(Distance left, Distance right) => left.CompareTo(right) >= 0;
}

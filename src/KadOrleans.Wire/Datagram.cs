using System.Buffers.Binary;
using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Wire.MessagePack;

namespace KadOrleans.Wire;

/// <summary>
/// The frame of every message: one byte of kind, 20 of message id, one MessagePack object, and perhaps a
/// <see cref="LifeTrailer"/>. One datagram is one message; nothing is split, repeated or acknowledged on this level.
/// </summary>
internal static class Datagram
{
    public const int IdOffset = 1;

    public const int HeaderLength = 1 + MessageId.Length;

    /// <summary>The shortest datagram: a header and an object of one byte.</summary>
    public const int MinLength = HeaderLength + 1;

    /// <summary>
    /// The longest body. The network's nodes refuse to send a longer request. A response carries at most a value that came in such a
    /// request, under a shorter header, so the same limit holds.
    /// </summary>
    public const int MaxBodyLength = 8192;

    /// <summary>
    /// The longest datagram that is written or read: a full body and its trailer. A larger limit would let a stranger make us parse and store
    /// more than a correct node sends. A smaller one would refuse the largest legal value.
    /// </summary>
    public const int MaxLength = HeaderLength + MaxBodyLength + LifeTrailer.Length;

    /// <summary>Splits a received datagram into header and body. Does not check the body.</summary>
    /// <param name="datagram">All bytes received.</param>
    /// <param name="kind">Whether the body is a request or a response.</param>
    /// <param name="id">The id that a response echoes.</param>
    /// <param name="body">The bytes behind the header: the body and what follows it.</param>
    /// <param name="error">
    /// <see cref="DecodeError.TooShort"/>, <see cref="DecodeError.TooLong"/> or <see cref="DecodeError.UnknownKind"/>.
    /// </param>
    public static bool TryReadHeader(
        ReadOnlySpan<byte> datagram,
        out DatagramKind kind,
        out MessageId id,
        out ReadOnlySpan<byte> body,
        out DecodeError error)
    {
        error = datagram switch
        {
            { Length: < MinLength } => DecodeError.TooShort,
            { Length: > MaxLength } => DecodeError.TooLong,
            [> (byte)DatagramKind.Response, ..] => DecodeError.UnknownKind,
            _ => DecodeError.None,
        };
        if (error != DecodeError.None)
        {
            kind = default;
            id = default;
            body = default;
            return false;
        }

        kind = (DatagramKind)datagram[0];
        id = new MessageId(datagram[1..HeaderLength]);
        body = datagram[HeaderLength..];
        return true;
    }

    /// <summary>Writes the header and returns the span behind it.</summary>
    internal static Span<byte> WriteHeader(Span<byte> destination, DatagramKind kind, MessageId id)
    {
        destination[0] = (byte)kind;
        id.CopyTo(destination[1..]);
        return destination[HeaderLength..];
    }
}

/// <summary>The first byte of a datagram. Every other byte there makes the datagram void.</summary>
internal enum DatagramKind : byte
{
    /// <summary>A call; its body is a function name and arguments.</summary>
    Request = 0,

    /// <summary>The answer to a call; its body is the bare result.</summary>
    Response = 1,
}

/// <summary>
/// The 20 bytes by which a response names its request. The caller draws them at random and the response echoes them, which proves that its
/// sender has seen the request.
/// </summary>
internal readonly record struct MessageId
{
    public const int Length = 20;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly uint _third;

    /// <exception cref="ArgumentException"><paramref name="bytes"/> is not 20 bytes long.</exception>
    public MessageId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"A message id is {Length} bytes long, not {bytes.Length}.", nameof(bytes));
        }

        _first = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _second = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _third = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>A fresh id. Nodes that face a network pass a cryptographic source: a guessable id lets strangers forge responses.</summary>
    public static MessageId Random(IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> bytes = stackalloc byte[Length];
        random.Fill(bytes);
        return new MessageId(bytes);
    }

    /// <exception cref="ArgumentOutOfRangeException"><paramref name="destination"/> is shorter than that.</exception>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _first);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _second);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _third);
    }

    /// <summary>A hash over all bytes, keyed per process, so that strangers cannot choose ids that collide.</summary>
    public override int GetHashCode() => HashCode.Combine(_first, _second, _third);

    /// <summary>40 lower-case hexadecimal digits.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{_first:x16}{_second:x16}{_third:x8}");
}

/// <summary>
/// The remaining seconds of a value's life, as a further MessagePack object after the body of a STORE or of a FIND_VALUE response. Nodes
/// that do not know it ignore what follows the first object. It is always a uint 32 of five bytes and ends the datagram, so stray bytes of
/// other programs are not taken for it. A STORE may have an int 32 in its place: a life that its publisher chose, see
/// <see cref="StoreRequest.IsChosen"/>.
/// </summary>
internal static class LifeTrailer
{
    public const int Length = 1 + sizeof(uint);

    /// <summary>Reads the rest of a body. Null if it is not a trailer.</summary>
    internal static uint? Read(ReadOnlySpan<byte> rest) => rest is [MessagePackCode.Unsigned32, ..] && rest.Length == Length
        ? BinaryPrimitives.ReadUInt32BigEndian(rest[1..])
        : null;

    /// <summary>Reads the rest of a STORE's body, where the publisher may have chosen the life. Null if it is not a trailer.</summary>
    internal static uint? Read(ReadOnlySpan<byte> rest, out bool isChosen)
    {
        isChosen = rest is [MessagePackCode.Signed32, <= 0x7F, ..] && rest.Length == Length;
        return isChosen ? BinaryPrimitives.ReadUInt32BigEndian(rest[1..]) : Read(rest);
    }

    /// <summary>Writes the trailer, if there is one, and returns its length.</summary>
    internal static int Write(Span<byte> destination, uint? secondsLeft, bool isChosen = false)
    {
        if (secondsLeft is not { } seconds)
        {
            return 0;
        }

        destination[0] = isChosen ? MessagePackCode.Signed32 : MessagePackCode.Unsigned32;
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], isChosen ? Math.Min(seconds, int.MaxValue) : seconds);
        return Length;
    }
}

/// <summary>Why a datagram is refused. The wire has no error response: whatever the reason, the sender gets none.</summary>
internal enum DecodeError
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>Fewer than <see cref="Datagram.MinLength"/> bytes: no room for a body.</summary>
    TooShort,

    /// <summary>More than <see cref="Datagram.MaxLength"/> bytes, or a body of more than <see cref="Datagram.MaxBodyLength"/>.</summary>
    TooLong,

    /// <summary>The first byte is neither that of a request nor that of a response.</summary>
    UnknownKind,

    /// <summary>The body ends inside an object, or announces a length beyond its end.</summary>
    Truncated,

    /// <summary>The byte 0xC1, which MessagePack never uses.</summary>
    ReservedCode,

    /// <summary>A text that is not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>Arrays and maps inside one another beyond the reader's fixed depth.</summary>
    TooDeep,

    /// <summary>An array or map announces more items than the bytes behind it could hold.</summary>
    TooManyItems,

    /// <summary>The body of a request is not an array of a function name and arguments.</summary>
    MalformedRequest,

    /// <summary>A well-formed request for a function that does not exist.</summary>
    UnknownFunction,

    /// <summary>The arguments are not an array, too few or too many, or an id or key among them is not 20 bytes of bin.</summary>
    WrongArguments,
}

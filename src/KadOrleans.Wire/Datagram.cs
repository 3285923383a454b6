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

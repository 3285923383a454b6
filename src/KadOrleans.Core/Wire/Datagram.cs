namespace KadOrleans.Core;

// A message: a byte of kind, 20 of message id, one MessagePack object, and perhaps a LifeTrailer or a TokenTrailer. One datagram is one
// message.
internal static class Datagram
{
    public const int IdOffset = 1;

    public const int HeaderLength = 1 + MessageId.Length;

    public const int MinLength = HeaderLength + 1;

    // The network's nodes refuse to send a longer request. A response carries at most a value of such a request.
    public const int MaxBodyLength = 8192;

    // A full body and its trailer. More would have us parse and store more than a correct node sends.
    public const int MaxLength = HeaderLength + MaxBodyLength + LifeTrailer.Length;

    /// <summary>Splits a datagram into header and body, without a check of the body. The body is all behind the header.</summary>
    public static bool TryReadHeader(
        ReadOnlySpan<byte> datagram, out DatagramKind kind, out MessageId id, out ReadOnlySpan<byte> body)
    {
        // The wire has no error response: whatever is wrong, the sender gets none.
        var isValid = datagram is { Length: >= MinLength and <= MaxLength } and [<= (byte)DatagramKind.Response, ..];
        kind = isValid ? (DatagramKind)datagram[0] : default;
        id = isValid ? new MessageId(datagram[IdOffset..HeaderLength]) : default;
        body = isValid ? datagram[HeaderLength..] : default;
        return isValid;
    }

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
    Request = 0,
    Response = 1,
}

// The 20 random bytes by which a response names its request. An echo proves that its sender has seen the request.
internal readonly record struct MessageId(NodeId Bytes)
{
    public const int Length = NodeId.Length;

    public MessageId(ReadOnlySpan<byte> bytes)
        : this(new NodeId(bytes))
    {
    }

    // The highest bit behind the token.
    private const byte AuthoredBit = 0x80;

    /// <summary>
    /// The write token that the id of a STORE bears in its first eight bytes. Of a node that knows of none they are random, as of any
    /// other request, and are no valid token.
    /// </summary>
    public WriteToken Token
    {
        get
        {
            Span<byte> bytes = stackalloc byte[Length];
            CopyTo(bytes);
            return new WriteToken(BinaryPrimitives.ReadUInt64BigEndian(bytes));
        }
    }

    /// <summary>Whether a STORE says that the value is authored at its sender. It only counts beside a valid <see cref="Token"/>.</summary>
    public bool SaysAuthored
    {
        get
        {
            Span<byte> bytes = stackalloc byte[Length];
            CopyTo(bytes);
            return (bytes[WriteToken.Length] & AuthoredBit) != 0;
        }
    }

    /// <summary>Nodes in a network pass a cryptographic source: a guessable id lets strangers forge responses.</summary>
    public static MessageId Random(IRandomSource random) => new(NodeId.Random(random));

    /// <summary>The id of a STORE that bears a token; without one all of it is random. 95 bits are: enough against forged responses.</summary>
    public static MessageId Bearing(WriteToken token, bool isAuthored, IRandomSource random)
    {
        if (token.IsNone)
        {
            return Random(random);
        }

        Span<byte> bytes = stackalloc byte[Length];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, token.Bits);
        var drawn = bytes[WriteToken.Length..];
        random.Fill(drawn);
        drawn[0] = (byte)((drawn[0] & ~AuthoredBit) | (isAuthored ? AuthoredBit : 0));
        return new MessageId(bytes);
    }

    public void CopyTo(Span<byte> destination) => Bytes.CopyTo(destination);

    public override string ToString() => Bytes.ToString();
}

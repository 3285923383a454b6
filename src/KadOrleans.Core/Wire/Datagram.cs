namespace KadOrleans.Core;

// A message: a byte of kind, 20 of message id, one MessagePack object, and perhaps a LifeTrailer. One datagram is one message.
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

    /// <summary>Nodes in a network pass a cryptographic source: a guessable id lets strangers forge responses.</summary>
    public static MessageId Random(IRandomSource random) => new(NodeId.Random(random));

    public void CopyTo(Span<byte> destination) => Bytes.CopyTo(destination);

    public override string ToString() => Bytes.ToString();
}

// The remaining seconds of a value's life, as a further object after the body of a STORE or of a FIND_VALUE response. Nodes that
// do not know it ignore what follows the first object. It is always a uint 32 of five bytes and ends the datagram, so stray bytes
// of other programs are not taken for it. A STORE has an int 32 in its place if its publisher chose the life.
internal static class LifeTrailer
{
    public const int Length = 1 + sizeof(uint);

    /// <summary>Null if the rest of a body is not a trailer.</summary>
    internal static uint? Read(ReadOnlySpan<byte> rest, out bool isChosen)
    {
        isChosen = rest is [MessagePackCode.Signed32, <= 0x7F, _, _, _];
        var isLife = isChosen || rest is [MessagePackCode.Unsigned32, _, _, _, _];
        return isLife ? BinaryPrimitives.ReadUInt32BigEndian(rest[1..]) : null;
    }

    /// <summary>Returns the length, which is 0 without a life.</summary>
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

namespace KadOrleans.Core;

// A write token as a further object behind the body: a bin 8 of eight bytes that ends the datagram. Of zeros behind a PING or a FIND it
// asks for one; behind a pong, a list of contacts and the answer to a STORE it is one. A value never has one: there stands its
// LifeTrailer. Nodes that do not know it ignore what follows the first object.
internal static class TokenTrailer
{
    public const int Length = 2 + WriteToken.Length;

    /// <summary>False if the rest of a body is not a trailer. Of one that asks the token is none.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> rest, out WriteToken token)
    {
        var isTrailer = rest is { Length: Length } and [MessagePackCode.Binary8, WriteToken.Length, ..];
        token = isTrailer ? new WriteToken(BinaryPrimitives.ReadUInt64BigEndian(rest[2..])) : WriteToken.None;
        return isTrailer;
    }

    internal static bool Asks(ReadOnlySpan<byte> rest) => TryRead(rest, out var token) && token.IsNone;

    /// <summary>Returns the length.</summary>
    internal static int WriteQuestion(Span<byte> destination) => Write(destination, 0);

    /// <summary>Returns the length, which is 0 without a token.</summary>
    internal static int Write(Span<byte> destination, WriteToken token) => token.IsNone ? 0 : Write(destination, token.Bits);

    private static int Write(Span<byte> destination, ulong bits)
    {
        destination[0] = MessagePackCode.Binary8;
        destination[1] = WriteToken.Length;
        BinaryPrimitives.WriteUInt64BigEndian(destination[2..], bits);
        return Length;
    }
}

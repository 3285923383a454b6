using System.Buffers.Binary;
using KadOrleans.Wire.MessagePack;

namespace KadOrleans.Wire;

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

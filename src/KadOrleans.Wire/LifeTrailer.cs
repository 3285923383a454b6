using System.Buffers.Binary;
using KadOrleans.Wire.MessagePack;

namespace KadOrleans.Wire;

/// <summary>
/// The remaining seconds of a value's life, as a further MessagePack object after the body of a STORE or of a FIND_VALUE response. Nodes
/// that do not know it ignore what follows the first object. It is always a uint 32 of five bytes and ends the datagram, so stray bytes of
/// other programs are not taken for it.
/// </summary>
internal static class LifeTrailer
{
    /// <summary>Its length in bytes.</summary>
    public const int Length = 1 + sizeof(uint);

    /// <summary>Reads the rest of a body. Null if it is not a trailer.</summary>
    internal static uint? Read(ReadOnlySpan<byte> rest) => rest is [MessagePackCode.Unsigned32, ..] && rest.Length == Length
        ? BinaryPrimitives.ReadUInt32BigEndian(rest[1..])
        : null;

    /// <summary>Writes the trailer, if there is one, and returns its length.</summary>
    internal static int Write(Span<byte> destination, uint? secondsLeft)
    {
        if (secondsLeft is not { } seconds)
        {
            return 0;
        }

        destination[0] = MessagePackCode.Unsigned32;
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], seconds);
        return Length;
    }
}

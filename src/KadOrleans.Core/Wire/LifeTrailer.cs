namespace KadOrleans.Core;

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

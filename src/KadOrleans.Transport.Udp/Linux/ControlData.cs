using System.Runtime.InteropServices;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// What the system tells of a datagram beside its bytes, as 64-bit Linux lays it out (cmsg(3)): one piece behind the other, each of a header
/// with length, level and type, and its data, filled up to eight bytes.
/// </summary>
internal static class ControlData
{
    /// <summary>Room for all that is asked for, in bytes.</summary>
    public const int MaxLength = PacketInformation.MaxLength + ArrivalTime.Length;

    /// <summary>Bytes of a header.</summary>
    public const int HeaderLength = 16;

    private const int LevelAt = 8;
    private const int TypeAt = 12;
    private const int Alignment = 8;

    /// <summary>A piece with its header; empty if there is none of that kind.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> control, int level, int type)
    {
        while (control.Length >= HeaderLength)
        {
            var length = MemoryMarshal.Read<long>(control);
            if (length < HeaderLength || length > control.Length)
            {
                return default;
            }

            if (MemoryMarshal.Read<int>(control[LevelAt..]) == level && MemoryMarshal.Read<int>(control[TypeAt..]) == type)
            {
                return control[..(int)length];
            }

            var next = ((int)length + Alignment - 1) & -Alignment;
            control = next < control.Length ? control[next..] : default;
        }

        return default;
    }

    /// <summary>Writes a header.</summary>
    public static void WriteHeader(Span<byte> control, long length, int level, int type)
    {
        MemoryMarshal.Write(control, length);
        MemoryMarshal.Write(control[LevelAt..], level);
        MemoryMarshal.Write(control[TypeAt..], type);
    }
}

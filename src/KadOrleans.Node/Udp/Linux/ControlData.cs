namespace KadOrleans.Node;

/// <summary>Control data of 64-bit Linux (cmsg(3)): pieces of length, level, type, and data padded to eight bytes.</summary>
internal static class ControlData
{
    public const int MaxLength = PacketInformation.MaxLength + ArrivalTime.Length;

    public const int HeaderLength = 16;

    private const int LevelAt = 8;
    private const int TypeAt = 12;
    private const int Alignment = 8;

    /// <summary>The piece of a kind with its header; empty if there is none.</summary>
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

    public static void WriteHeader(Span<byte> control, long length, int level, int type)
    {
        MemoryMarshal.Write(control, length);
        MemoryMarshal.Write(control[LevelAt..], level);
        MemoryMarshal.Write(control[TypeAt..], type);
    }
}

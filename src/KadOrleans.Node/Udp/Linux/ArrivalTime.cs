namespace KadOrleans.Node;

/// <summary>When a datagram arrived (SO_TIMESTAMPNS of socket(7)), as the process may have been frozen since.</summary>
internal static class ArrivalTime
{
    public const int Length = ControlData.HeaderLength + (2 * sizeof(long));

    private const int Level = 1;
    private const int Type = 35;
    private const int NanosecondsPerTick = 100;

    public static void Enable(Socket socket)
    {
        try
        {
            socket.SetRawSocketOption(Level, Type, MemoryMarshal.AsBytes<int>([1]));
        }
        catch (SocketException)
        {
            // Datagrams count as just arrived, as on other systems.
        }
    }

    /// <summary>Zero if the system did not report the arrival.</summary>
    public static TimeSpan Age(ReadOnlySpan<byte> control, DateTime now)
    {
        var stamp = ControlData.Find(control, Level, Type);
        if (stamp.Length < Length)
        {
            return TimeSpan.Zero;
        }

        var seconds = MemoryMarshal.Read<long>(stamp[ControlData.HeaderLength..]);
        var nanoseconds = MemoryMarshal.Read<long>(stamp[(ControlData.HeaderLength + sizeof(long))..]);
        var arrived = DateTime.UnixEpoch.Ticks + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / NanosecondsPerTick);
        return new TimeSpan(Math.Max(0, now.Ticks - arrived));
    }
}

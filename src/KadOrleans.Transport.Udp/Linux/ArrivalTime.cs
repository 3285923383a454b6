using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// When a datagram arrived at the system (SO_TIMESTAMPNS of socket(7)): the process may have been frozen since. Seconds and nanoseconds
/// of the system's clock.
/// </summary>
internal static class ArrivalTime
{
    /// <summary>Bytes that it takes of a datagram's <see cref="ControlData"/>.</summary>
    public const int Length = ControlData.HeaderLength + (2 * sizeof(long));

    private const int Level = 1;
    private const int Type = 35;
    private const int NanosecondsPerTick = 100;

    /// <summary>Has a socket tell it of each datagram that arrives from then on, where the system can.</summary>
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

    /// <summary>How long a datagram has lain in its socket; zero if the system did not tell.</summary>
    public static TimeSpan Age(ReadOnlySpan<byte> control, DateTime now)
    {
        var told = ControlData.Find(control, Level, Type);
        if (told.Length < Length)
        {
            return TimeSpan.Zero;
        }

        var seconds = MemoryMarshal.Read<long>(told[ControlData.HeaderLength..]);
        var nanoseconds = MemoryMarshal.Read<long>(told[(ControlData.HeaderLength + sizeof(long))..]);
        var arrived = DateTime.UnixEpoch.Ticks + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / NanosecondsPerTick);
        return new TimeSpan(Math.Max(0, now.Ticks - arrived));
    }
}

using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using KadOrleans.Core;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// A datagram's control data in the layout of 64-bit Linux (cmsg(3)). It is a sequence of pieces. Each has a header with length, level and
/// type, and data padded to eight bytes.
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

    /// <summary>Finds a piece, with its header. Empty if there is none of that kind.</summary>
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

/// <summary>
/// The control data with the local address that a datagram came to or leaves from, in the layout of 64-bit Linux. For IPv4 (IP_PKTINFO of
/// ip(7)): index of the interface, local address, address in the datagram. For IPv6 (IPV6_PKTINFO of ipv6(7)): local address, which may be
/// a mapped one, and index of the interface.
/// </summary>
internal static class PacketInformation
{
    /// <summary>The most bytes that it takes.</summary>
    public const int MaxLength = 40;

    private const int HeaderLength = ControlData.HeaderLength;
    private const int IPv4Level = 0;
    private const int IPv4Type = 8;
    private const int IPv4AddressAt = HeaderLength + sizeof(int);
    private const int IPv4Length = HeaderLength + 12;
    private const int IPv6Level = 41;
    private const int IPv6Type = 50;
    private const int IPv6Length = HeaderLength + 20;

    /// <summary>Enables it for each datagram that a socket reads from then on.</summary>
    public static void Enable(Socket socket) => socket.SetSocketOption(
        socket.AddressFamily == AddressFamily.InterNetwork ? SocketOptionLevel.IP : SocketOptionLevel.IPv6,
        SocketOptionName.PacketInformation,
        true);

    /// <summary>Writes the local address that a datagram leaves from. The destination decides the interface.</summary>
    /// <param name="control">Takes <see cref="MaxLength"/> bytes.</param>
    /// <param name="from">The address; its port has no meaning.</param>
    /// <param name="family">The socket's.</param>
    /// <returns>How many bytes it takes.</returns>
    public static int Write(Span<byte> control, UdpEndpoint from, AddressFamily family)
    {
        control[..MaxLength].Clear();
        if (family == AddressFamily.InterNetwork)
        {
            ControlData.WriteHeader(control, IPv4Length, IPv4Level, IPv4Type);
            BinaryPrimitives.WriteUInt32BigEndian(control[IPv4AddressAt..], (uint)from.AddressLow);
            return IPv4Length;
        }

        ControlData.WriteHeader(control, IPv6Length, IPv6Level, IPv6Type);
        from.WriteIPv6(control[HeaderLength..]);
        return IPv6Length;
    }

    /// <summary>Reads the local address that a datagram came to, with port 0. Returns false if the system did not report it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> control, out UdpEndpoint local)
    {
        if (ControlData.Find(control, IPv4Level, IPv4Type) is { Length: >= IPv4Length } v4)
        {
            local = UdpEndpoint.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(v4[IPv4AddressAt..]), 0);
            return true;
        }

        var v6 = ControlData.Find(control, IPv6Level, IPv6Type);
        local = v6.Length >= IPv6Length ? UdpEndpoint.FromIPv6(v6.Slice(HeaderLength, 16), 0) : default;
        return v6.Length >= IPv6Length;
    }
}

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

    /// <summary>Enables it for each datagram that arrives at a socket from then on, if the system can.</summary>
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

    /// <summary>How long a datagram has waited in its socket. Zero if the system did not report it.</summary>
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

using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using KadOrleans.Core;

namespace KadOrleans.Transport.Udp.Linux;

/// <summary>
/// The control data that says which local address a datagram came to or leaves from, as 64-bit Linux lays it out: length, level
/// and type of the header; then for IPv4 (IP_PKTINFO of ip(7)) index of the interface, local address, address in the
/// datagram; for IPv6 (IPV6_PKTINFO of ipv6(7)) local address, which may be a mapped one, and index of the interface.
/// </summary>
internal static class PacketInformation
{
    /// <summary>Room that it takes at most, in bytes.</summary>
    public const int MaxLength = 40;

    private const int HeaderLength = 16;
    private const int LevelAt = 8;
    private const int TypeAt = 12;
    private const int IPv4Level = 0;
    private const int IPv4Type = 8;
    private const int IPv4AddressAt = HeaderLength + sizeof(int);
    private const int IPv4Length = HeaderLength + 12;
    private const int IPv6Level = 41;
    private const int IPv6Type = 50;
    private const int IPv6Length = HeaderLength + 20;

    /// <summary>Has a socket tell it of each datagram that is read from then on.</summary>
    public static void Enable(Socket socket) => socket.SetSocketOption(
        socket.AddressFamily == AddressFamily.InterNetwork ? SocketOptionLevel.IP : SocketOptionLevel.IPv6,
        SocketOptionName.PacketInformation,
        true);

    /// <summary>Has a datagram leave from a local address, by the interface that its destination decides.</summary>
    /// <param name="control">Takes <see cref="MaxLength"/> bytes.</param>
    /// <param name="from">The address; its port has no meaning.</param>
    /// <param name="family">The socket's.</param>
    /// <returns>How many bytes it takes.</returns>
    public static int Write(Span<byte> control, UdpEndpoint from, AddressFamily family)
    {
        control[..MaxLength].Clear();
        if (family == AddressFamily.InterNetwork)
        {
            WriteHeader(control, IPv4Length, IPv4Level, IPv4Type);
            BinaryPrimitives.WriteUInt32BigEndian(control[IPv4AddressAt..], (uint)from.AddressLow);
            return IPv4Length;
        }

        WriteHeader(control, IPv6Length, IPv6Level, IPv6Type);
        from.WriteIPv6(control[HeaderLength..]);
        return IPv6Length;
    }

    /// <summary>The local address that a datagram came to, with port 0; false if the system did not tell.</summary>
    public static bool TryRead(ReadOnlySpan<byte> control, out UdpEndpoint local)
    {
        local = default;
        if (control.Length < IPv4Length)
        {
            return false;
        }

        switch (MemoryMarshal.Read<int>(control[LevelAt..]), MemoryMarshal.Read<int>(control[TypeAt..]))
        {
            case (IPv4Level, IPv4Type):
                local = UdpEndpoint.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(control[IPv4AddressAt..]), 0);
                return true;
            case (IPv6Level, IPv6Type) when control.Length >= IPv6Length:
                local = UdpEndpoint.FromIPv6(control.Slice(HeaderLength, 16), 0);
                return true;
            default:
                return false;
        }
    }

    private static void WriteHeader(Span<byte> control, long length, int level, int type)
    {
        MemoryMarshal.Write(control, length);
        MemoryMarshal.Write(control[LevelAt..], level);
        MemoryMarshal.Write(control[TypeAt..], type);
    }
}

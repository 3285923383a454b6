using System.Buffers.Binary;
using System.Net.Sockets;
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

    private const int HeaderLength = ControlData.HeaderLength;
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
            ControlData.WriteHeader(control, IPv4Length, IPv4Level, IPv4Type);
            BinaryPrimitives.WriteUInt32BigEndian(control[IPv4AddressAt..], (uint)from.AddressLow);
            return IPv4Length;
        }

        ControlData.WriteHeader(control, IPv6Length, IPv6Level, IPv6Type);
        from.WriteIPv6(control[HeaderLength..]);
        return IPv6Length;
    }

    /// <summary>The local address that a datagram came to, with port 0; false if the system did not tell.</summary>
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

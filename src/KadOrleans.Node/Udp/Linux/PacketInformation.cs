using System.Buffers.Binary;

namespace KadOrleans.Node;

// The local address that a datagram came to or leaves from. IP_PKTINFO of ip(7): index of the interface, local address, address
// in the datagram. IPV6_PKTINFO of ipv6(7): local address, perhaps a mapped one, and index.
internal static class PacketInformation
{
    public const int MaxLength = 40;

    private const int HeaderLength = ControlData.HeaderLength;
    private const int IPv4Level = 0;
    private const int IPv4Type = 8;
    private const int IPv4AddressAt = HeaderLength + sizeof(int);
    private const int IPv4Length = HeaderLength + 12;
    private const int IPv6Level = 41;
    private const int IPv6Type = 50;
    private const int IPv6Length = HeaderLength + 20;

    public static void Enable(Socket socket) => socket.SetSocketOption(
        socket.AddressFamily == AddressFamily.InterNetwork ? SocketOptionLevel.IP : SocketOptionLevel.IPv6,
        SocketOptionName.PacketInformation,
        true);

    /// <summary>Returns the length. The destination decides the interface.</summary>
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

    /// <summary>The local address with port 0. Returns false if the system did not report it.</summary>
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

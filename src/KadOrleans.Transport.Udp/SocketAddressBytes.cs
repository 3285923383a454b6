using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using KadOrleans.Core;

namespace KadOrleans.Transport.Udp;

/// <summary>
/// Endpoints in the system's own form. Linux, macOS and Windows differ only in the first two bytes, which <see cref="SocketAddress"/>
/// writes. The port is at byte 2, an IPv4 address at 4, an IPv6 address at 8, all in network order.
/// </summary>
internal static class SocketAddressBytes
{
    private const int IPv4Size = 16;
    private const int IPv6Size = 28;
    private const int PortAt = 2;
    private const int IPv4At = 4;
    private const int IPv6At = 8;
    private const int IPv6Length = 16;

    [ThreadStatic]
    private static SocketAddress? _ipv4;

    [ThreadStatic]
    private static SocketAddress? _ipv6;

    /// <summary>
    /// The destination for a socket of the family; IPv4 is mapped for an IPv6 one. The same object is filled again by
    /// the thread's next call.
    /// </summary>
    internal static SocketAddress Fill(UdpEndpoint destination, AddressFamily family)
    {
        if (family == AddressFamily.InterNetwork)
        {
            _ipv4 ??= new SocketAddress(AddressFamily.InterNetwork, IPv4Size);
            var bytes = _ipv4.Buffer.Span;
            BinaryPrimitives.WriteUInt16BigEndian(bytes[PortAt..], destination.Port);
            BinaryPrimitives.WriteUInt32BigEndian(bytes[IPv4At..], (uint)destination.AddressLow);
            return _ipv4;
        }
        else
        {
            _ipv6 ??= new SocketAddress(AddressFamily.InterNetworkV6, IPv6Size);
            var bytes = _ipv6.Buffer.Span;
            BinaryPrimitives.WriteUInt16BigEndian(bytes[PortAt..], destination.Port);
            destination.WriteIPv6(bytes[IPv6At..]);
            return _ipv6;
        }
    }

    /// <summary>Makes <paramref name="address"/> ready to take the source of a datagram.</summary>
    internal static void Reset(SocketAddress address, AddressFamily family) =>
        address.Size = family == AddressFamily.InterNetwork ? IPv4Size : IPv6Size;

    /// <summary>The endpoint that the system wrote; false if it wrote none.</summary>
    internal static bool TryRead(SocketAddress address, out UdpEndpoint endpoint) =>
        TryRead(address.Buffer.Span[..address.Size], address.Family, out endpoint);

    /// <inheritdoc cref="TryRead(SocketAddress, out UdpEndpoint)"/>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, AddressFamily family, out UdpEndpoint endpoint)
    {
        if (family == AddressFamily.InterNetwork && bytes.Length >= IPv4At + sizeof(uint))
        {
            endpoint = UdpEndpoint.FromIPv4(
                BinaryPrimitives.ReadUInt32BigEndian(bytes[IPv4At..]),
                BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]));
            return true;
        }

        if (family == AddressFamily.InterNetworkV6 && bytes.Length >= IPv6At + IPv6Length)
        {
            endpoint = UdpEndpoint.FromIPv6(
                bytes.Slice(IPv6At, IPv6Length),
                BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]));
            return true;
        }

        endpoint = default;
        return false;
    }
}

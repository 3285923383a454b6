using System.Net;
using System.Net.Sockets;
using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Transport.Udp;

/// <summary>
/// Reads and sends one datagram at a time through the base library, on any system. The socket does not block, so the
/// thread polls before it reads.
/// </summary>
internal sealed class PortableUdpSocket(Socket socket, UdpEndpoint local, ILogger logger)
    : UdpSocket(socket, local, logger)
{
    private readonly Socket _socket = socket;
    private readonly AddressFamily _family = socket.AddressFamily;

    internal override bool TrySend(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        try
        {
            _socket.SendTo(datagram, SocketFlags.None, SocketAddressBytes.Fill(destination, _family));
        }
        catch (Exception refusal) when (refusal is SocketException or ObjectDisposedException)
        {
            return CountSent(sent: false, 0);
        }

        return CountSent(sent: true, datagram.Length);
    }

    internal override bool TryAnswer(ReadOnlySpan<byte> datagram, UdpEndpoint source) => TrySend(datagram, source);

    protected override void ReadUntilStopped()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(LargestDatagram, pinned: true);
        var from = new SocketAddress(_family);
        while (!IsStopping)
        {
            var length = Read(buffer, from);
            if (length >= 0 && SocketAddressBytes.TryRead(from, out var source))
            {
                Deliver(buffer.AsSpan(0, length), source);
            }
        }
    }

    /// <summary>The length of the datagram read, or -1 if none came.</summary>
    private int Read(byte[] buffer, SocketAddress from)
    {
        try
        {
            if (!_socket.Poll(LongestWait, SelectMode.SelectRead))
            {
                return -1;
            }

            SocketAddressBytes.Reset(from, _family);
            var length = _socket.ReceiveFrom(buffer, SocketFlags.None, from);

            // Closing also looks like an empty datagram.
            return IsStopping ? -1 : length;
        }
        catch (SocketException error)
        {
            OnReadError(error.SocketErrorCode);
        }
        catch (ObjectDisposedException)
        {
            RequestStop();
        }

        return -1;
    }
}

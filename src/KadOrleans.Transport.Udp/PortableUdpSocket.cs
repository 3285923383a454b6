using System.Net;
using System.Net.Sockets;
using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Transport.Udp;

/// <summary>
/// Reads and sends one datagram at a time through the base library, on any system. Sending must never wait, so the socket is non-blocking
/// and the thread polls. Polling also ends by itself where closing a socket wakes no thread (macOS).
/// </summary>
internal sealed class PortableUdpSocket : UdpSocket
{
    // The longest poll. Closing ends it at once where the system can.
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(250);

    private readonly Socket _socket;
    private readonly AddressFamily _family;

    internal PortableUdpSocket(Socket socket, UdpEndpoint local, ILogger logger)
        : base(socket, local, logger)
    {
        socket.Blocking = false;
        (_socket, _family) = (socket, socket.AddressFamily);
    }

    // The base library cannot choose the local address per datagram.
    internal override bool TrySend(ReadOnlySpan<byte> datagram, UdpEndpoint destination, UdpEndpoint from)
    {
        try
        {
            _socket.SendTo(datagram, SocketFlags.None, SocketAddressBytes.Fill(destination, _family));
        }
        catch (Exception refusal) when (refusal is SocketException or ObjectDisposedException)
        {
            return CountSent(sent: false);
        }

        return CountSent(sent: true);
    }

    protected override void EndReading() => _socket.Dispose();

    protected override void ReadUntilStopped()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(LargestDatagram, pinned: true);
        var from = new SocketAddress(_family);
        while (!IsStopping)
        {
            var length = Read(buffer, from);
            if (length >= 0 && SocketAddressBytes.TryRead(from, out var source))
            {
                Deliver(buffer.AsSpan(0, length), source, default, TimeSpan.Zero);
            }
        }
    }

    /// <summary>The length of the datagram read, or -1 if none came.</summary>
    private int Read(byte[] buffer, SocketAddress from)
    {
        try
        {
            if (!_socket.Poll(LongestPoll, SelectMode.SelectRead))
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

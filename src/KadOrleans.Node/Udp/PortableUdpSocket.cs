namespace KadOrleans.Node;

/// <summary>One datagram at a time, on any system. It polls: sending must not block, and macOS wakes no thread.</summary>
internal sealed class PortableUdpSocket : UdpSocket
{
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
            return true;
        }
        catch (Exception refusal) when (refusal is SocketException or ObjectDisposedException)
        {
            return false;
        }
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

    /// <summary>-1 if none came.</summary>
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

namespace KadOrleans.Node;

internal static class EndpointBinder
{
    // SOL_SOCKET and SO_REUSEPORT of Linux: the base library names neither.
    private const int LinuxSocketLevel = 1;
    private const int LinuxReusePort = 15;

    // SIO_UDP_CONNRESET of Windows: without it an ICMP response makes the next read fail.
    private const int WindowsConnectionReset = unchecked((int)0x9800000C);

    // A refused buffer size is halved, down to here; below, the system's default stays.
    private const int SmallestBufferBytes = 8 * 1024;

    internal static BoundEndpoint Bind(UdpEndpoint endpoint, UdpTransportOptions options, ILogger logger)
    {
        var sockets = new List<Socket>();
        try
        {
            // Bound without sharing, the first socket gets the port only if nobody has it. It shares the port afterwards.
            OpenInto(sockets, endpoint, options, share: false);
            var local = UdpEndpoint.FromIPAddress(
                ((IPEndPoint)sockets[0].LocalEndPoint!).Address, ((IPEndPoint)sockets[0].LocalEndPoint!).Port);
            if (OperatingSystem.IsLinux() && options.SocketsPerEndpoint > 1)
            {
                Share(sockets[0]);
                while (sockets.Count < options.SocketsPerEndpoint)
                {
                    OpenInto(sockets, local, options, share: true);
                }
            }

            logger.Listening(local, sockets.Count, sockets[0].ReceiveBufferSize, sockets[0].SendBufferSize);
            return new BoundEndpoint(local, [.. sockets.Select(socket => UdpSocket.Create(socket, local, options, logger))]);
        }
        catch (Exception failure)
        {
            sockets.ForEach(socket => socket.Dispose());
            if (failure is SocketException refused)
            {
                throw Explain(endpoint, refused);
            }

            throw;
        }
    }

    private static void OpenInto(List<Socket> sockets, UdpEndpoint endpoint, UdpTransportOptions options, bool share)
    {
        var family = endpoint.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        sockets.Add(socket);

        if (family == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = endpoint.IsDualMode;
        }

        if (OperatingSystem.IsWindows())
        {
            socket.ExclusiveAddressUse = true;
            socket.IOControl(WindowsConnectionReset, [0, 0, 0, 0], null);
        }

        if (share)
        {
            Share(socket);
        }

        AskForBuffer(size => socket.ReceiveBufferSize = size, options.ReceiveBufferBytes);
        AskForBuffer(size => socket.SendBufferSize = size, options.SendBufferBytes);
        socket.Bind(new IPEndPoint(endpoint.ToIPAddress(), endpoint.Port));
    }

    private static void Share(Socket socket) =>
        socket.SetRawSocketOption(LinuxSocketLevel, LinuxReusePort, BitConverter.GetBytes(1));

    private static void AskForBuffer(Action<int> ask, int bytes)
    {
        for (; bytes >= SmallestBufferBytes; bytes /= 2)
        {
            try
            {
                ask(bytes);
                return;
            }
            catch (SocketException)
            {
                // Half of it may be granted.
            }
        }
    }

    internal static TransportException Explain(UdpEndpoint endpoint, SocketException cause) =>
        new($"Cannot listen on {endpoint}: {Reason(endpoint, cause)}.", cause);

    private static string Reason(UdpEndpoint endpoint, SocketException cause) => cause.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "another socket of this machine holds that port",
        SocketError.AddressNotAvailable => "no interface of this machine has that address",
        SocketError.AccessDenied => "this user has no permission to bind that port",
        SocketError.AddressFamilyNotSupported
            or SocketError.ProtocolFamilyNotSupported
            or SocketError.ProtocolNotSupported => $"this system has no {(endpoint.IsIPv4 ? "IPv4" : "IPv6")}",
        _ => $"the system refused with {cause.SocketErrorCode} ({cause.Message.TrimEnd('.')})",
    };
}

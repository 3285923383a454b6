namespace KadOrleans.Tests.Udp;

/// <summary>A contact that owes nothing to the code under test.</summary>
internal sealed class PlainSocket : IDisposable
{
    private const int LinuxSocketLevel = 1;
    private const int LinuxReusePort = 15;

    private readonly Socket _socket;

    internal PlainSocket(string local, bool sharePort = false)
    {
        var endpoint = IPEndPoint.Parse(local);
        _socket = new Socket(endpoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        if (sharePort)
        {
            _socket.SetRawSocketOption(LinuxSocketLevel, LinuxReusePort, BitConverter.GetBytes(1));
        }

        _socket.Bind(endpoint);
    }

    internal UdpEndpoint Endpoint => At((IPEndPoint)_socket.LocalEndPoint!);

    internal void Send(byte[] datagram, UdpEndpoint destination) =>
        _socket.SendTo(datagram, new IPEndPoint(destination.ToIPAddress(), destination.Port));

    internal async Task<(byte[] Datagram, UdpEndpoint Source)> NextAsync()
    {
        var buffer = new byte[65_535];
        var any = new IPEndPoint(
            _socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var result = await _socket.ReceiveFromAsync(buffer, any).WaitAsync(Patience.Long);
        return (buffer[..result.ReceivedBytes], At((IPEndPoint)result.RemoteEndPoint));
    }

    public void Dispose() => _socket.Dispose();

    private static UdpEndpoint At(IPEndPoint endpoint) => UdpEndpoint.FromIPAddress(endpoint.Address, endpoint.Port);
}

/// <summary>Some machines have no IPv6; there a test holds the transport to saying so.</summary>
internal static class IPv6Loopback
{
    internal static bool IsMissing { get; } = Probe();

    /// <summary>What stands for the test of an endpoint where IPv6 is missing.</summary>
    internal static bool IsRefused(UdpEndpoint endpoint)
    {
        if (endpoint.IsIPv4 || !IsMissing)
        {
            return false;
        }

        var refusal = Assert.Throws<TransportException>(() => UdpTransport.Bind(endpoint));
        Assert.StartsWith("Cannot listen on [::", refusal.Message, StringComparison.Ordinal);
        return true;
    }

    private static bool Probe()
    {
        try
        {
            using var socket = new PlainSocket("[::1]:0");
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}

using System.Net.Sockets;

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

        try
        {
            _socket.Bind(endpoint);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    internal UdpEndpoint Endpoint
    {
        get
        {
            var local = (IPEndPoint)_socket.LocalEndPoint!;
            return UdpEndpoint.FromIPAddress(local.Address, local.Port);
        }
    }

    internal void Send(byte[] datagram, UdpEndpoint destination) =>
        _socket.SendTo(datagram, new IPEndPoint(destination.ToIPAddress(), destination.Port));

    internal async Task<(byte[] Datagram, UdpEndpoint Source)> NextAsync()
    {
        var buffer = new byte[65_535];
        var any = new IPEndPoint(
            _socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var result = await _socket.ReceiveFromAsync(buffer, any).WaitAsync(Patience.Long);
        var source = (IPEndPoint)result.RemoteEndPoint;
        return (buffer[..result.ReceivedBytes], UdpEndpoint.FromIPAddress(source.Address, source.Port));
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>Some machines have no IPv6; there a test holds the transport to saying so.</summary>
internal static class IPv6Loopback
{
    internal static bool IsMissing { get; } = Probe();

    /// <summary>What stands for the test where IPv6 is missing.</summary>
    internal static void AssertRefusedClearly(Func<UdpTransport> bind)
    {
        var refusal = Assert.Throws<TransportException>(bind);
        Assert.StartsWith("Cannot listen on [::", refusal.Message, StringComparison.Ordinal);
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

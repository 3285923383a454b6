using System.Net;
using System.Net.Sockets;
using KadOrleans.Core;

namespace KadOrleans.Testing.Clusters;

/// <summary>
/// Ports of the system's choice on loopback, for servers that must restart on the same port. With port 0 they would get another one at the
/// next start.
/// </summary>
public static class FreePort
{
    private const uint Loopback = 0x7F00_0001;
    private const int Attempts = 20;

    public static int Tcp()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static int Udp()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>
    /// Runs an action with one free UDP endpoint after another: a fault fails with each, a port that another program took only once.
    /// </summary>
    /// <typeparam name="TTaken">What the action throws when the port is taken.</typeparam>
    /// <param name="action">Gets an endpoint of 127.0.0.1.</param>
    public static async Task RetryAsync<TTaken>(Func<UdpEndpoint, Task> action)
        where TTaken : Exception
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await action(UdpEndpoint.FromIPv4(Loopback, (ushort)Udp()));
                return;
            }
            catch (TTaken) when (attempt < Attempts)
            {
                continue;
            }
        }
    }
}

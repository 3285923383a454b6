using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Testing.Clusters;

/// <summary>
/// Ports of the system's choice on loopback, for servers that must come back where they were: they cannot choose one
/// themselves, as another one would be chosen at the next start.
/// </summary>
public static class FreePort
{
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
}

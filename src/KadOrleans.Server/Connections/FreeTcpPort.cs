using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Hosting.Cluster;

/// <summary>
/// Finds a free TCP port, as Orleans needs the number before it listens. The port is below the range for outgoing connections: a port of
/// that range could be in use again by the time Orleans listens.
/// </summary>
internal static class FreeTcpPort
{
    private const int First = 15_000;
    private const int End = 32_000;
    private const int Attempts = 1_000;

    public static int Find()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw KadSettings.Mistake("No free TCP port was found for a port of 0; set Kad:Silo:Port and Kad:Silo:GatewayPort.");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Any, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Hosting.Cluster;

/// <summary>
/// A free TCP port: Orleans needs the number before it listens. It is drawn below the ports that
/// systems give to outgoing connections: one of those could be taken again by the time Orleans comes to it.
/// </summary>
internal static class FreePort
{
    private const int First = 15_000;
    private const int End = 32_000;
    private const int Attempts = 1_000;

    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">There seems to be none.</exception>
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

        throw KadSection.Mistake("No free TCP port was found for a port of 0; set Kad:Silo:Port and Kad:Silo:GatewayPort.");
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

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace KadOrleans.Server;

/// <summary>
/// Ports for <c>Kad:Silo:Port=0</c> and <c>Kad:Silo:GatewayPort=0</c>. Orleans needs the number before it listens, so another process may take
/// one in between: then the start is tried again with others.
/// </summary>
internal static class ChosenPorts
{
    /// <summary>Starts at most: two ports are lost within a start's seconds once in many thousands, so five in a row have another cause.</summary>
    public const int MostTries = 5;

    // The range that a port is chosen from. Outgoing connections, whose range is above, could take it before Orleans listens.
    private const int FirstPort = 15_000;
    private const int EndPort = 32_000;
    private const int MostPorts = 1_000;

    /// <summary>A port on which nobody listens now.</summary>
    /// <exception cref="OptionsValidationException">None was found.</exception>
    public static int Find()
    {
        for (var attempt = 0; attempt < MostPorts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(FirstPort, EndPort);
            using var listener = new TcpListener(IPAddress.Any, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // In use.
            }
        }

        throw KadSettings.Mistake("No free TCP port was found for a port of 0; set Kad:Silo:Port and Kad:Silo:GatewayPort.");
    }

    /// <summary>Whether a start failed as a port was in use that was chosen here, or may have been: Orleans does not say which.</summary>
    /// <param name="failure">Why the start failed. Kestrel's, of the port of HTTP, is an <see cref="IOException"/>.</param>
    /// <param name="silo">The silo's settings.</param>
    public static bool WereTaken(Exception failure, KadSiloOptions silo)
    {
        if ((silo.Port != 0 && silo.GatewayPort != 0) || failure is IOException)
        {
            return false;
        }

        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                return true;
            }
        }

        return false;
    }
}

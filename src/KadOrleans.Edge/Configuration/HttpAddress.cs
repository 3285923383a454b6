using System.Globalization;
using System.Net;
using KadOrleans.Core;

namespace KadOrleans.Edge.Configuration;

/// <summary>Where health and status are served: <c>Kad:Http</c>.</summary>
internal static class HttpAddress
{
    public const string Setting = "Kad:Http";

    private const int DefaultPort = 8081;

    /// <summary>IP:PORT, :PORT or PORT; loopback where no address is given, and 127.0.0.1:8081 where nothing is.</summary>
    /// <exception cref="ConfigurationException">It is none of these.</exception>
    public static IPEndPoint Read(IConfiguration configuration)
    {
        if (configuration[Setting] is not { Length: > 0 } text)
        {
            return new IPEndPoint(IPAddress.Loopback, DefaultPort);
        }

        var port = text.StartsWith(':') ? text[1..] : text;
        if (ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return new IPEndPoint(IPAddress.Loopback, number);
        }

        return UdpEndpoint.TryParse(text, out var endpoint)
            ? new IPEndPoint(endpoint.ToIPAddress(), endpoint.Port)
            : throw new ConfigurationException($"{Setting} is '{text}'; IP:PORT or PORT is needed, such as 127.0.0.1:8081 or 8081, "
                + "with a port of 1 to 65535, or 0 for any free one.");
    }
}

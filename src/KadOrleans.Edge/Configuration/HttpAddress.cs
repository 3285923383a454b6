using System.Globalization;
using System.Net;
using KadOrleans.Core;
using KadOrleans.Hosting.Http;

namespace KadOrleans.Edge.Configuration;

/// <summary>Where health and status are served: <c>Kad:Http</c>.</summary>
internal static class HttpAddress
{
    public const string Setting = "Kad:Http";

    /// <summary>The names that health and status are asked under, beside IP addresses and localhost.</summary>
    public const string HostsSetting = "Kad:Http:Hosts";

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

    /// <summary>Host names, several with commas; none where nothing is given.</summary>
    /// <exception cref="ConfigurationException">One is no host name.</exception>
    public static HostNames ReadHosts(IConfiguration configuration)
    {
        if (configuration[HostsSetting] is not { Length: > 0 } text)
        {
            return HostNames.None;
        }

        return HostNames.TryParse(text, out var hosts)
            ? hosts
            : throw new ConfigurationException($"{HostsSetting} is '{text}'; {HostNames.Needed}, several with commas.");
    }
}

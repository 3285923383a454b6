using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KadOrleans.Silo.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace KadOrleans.Silo.Hosting;

/// <summary>
/// Finds ports that another process listens on. Orleans shares its ports with any process that does the same, and a silo that
/// starts at the address of a live one has that one declared dead.
/// </summary>
internal static class PortCheck
{
    /// <summary>Claims both ports of the silo and checks them.</summary>
    /// <param name="services">The silo's.</param>
    /// <param name="claim">What holds the ports against silos that begin at the same time.</param>
    /// <exception cref="ConfigurationMistakeException">One is taken.</exception>
    public static void Run(IServiceProvider services, PortClaim claim)
    {
        var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        Run(claim, "Kad:Silo:Port", endpoints.SiloListeningEndpoint ?? new IPEndPoint(endpoints.AdvertisedIPAddress, endpoints.SiloPort));
        if (GatewayExposure.Find(endpoints) is { } gateway)
        {
            Run(claim, "Kad:Silo:GatewayPort", gateway);
        }
    }

    private static void Run(PortClaim claim, string setting, IPEndPoint endpoint)
    {
        if (!claim.TryTake(endpoint))
        {
            throw Taken(setting, endpoint);
        }

        // Without the option to share it, which Orleans sets.
        using var listener = new TcpListener(endpoint);
        try
        {
            listener.Start();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw Taken(setting, endpoint);
        }
        catch (SocketException e)
        {
            throw new ConfigurationMistakeException(string.Create(
                CultureInfo.InvariantCulture, $"{setting} is {endpoint.Port}, and {endpoint} cannot be listened on: {e.Message.TrimEnd('.')}."));
        }
    }

    private static ConfigurationMistakeException Taken(string setting, IPEndPoint endpoint) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{setting} is {endpoint.Port}, and another process listens on {endpoint}; a free port is needed, or 0 for any."));
}

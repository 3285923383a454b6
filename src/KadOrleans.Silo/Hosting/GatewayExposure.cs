using System.Net;
using KadOrleans.Grains.Abstractions.Access;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace KadOrleans.Silo.Hosting;

/// <summary>Warns of a gateway that other machines reach and that tells edges from no other client.</summary>
internal static class GatewayExposure
{
    /// <summary>Warns once, if the silo is such a one.</summary>
    public static void Warn(IServiceProvider services)
    {
        if (Find(services.GetRequiredService<IOptions<EndpointOptions>>().Value) is { } gateway
            && IsOpen(gateway, services.GetRequiredService<IOptions<KadClusterOptions>>().Value.EdgeKey))
        {
            SiloLog.GatewayOpen(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(GatewayExposure)), gateway, EdgeKey.Setting);
        }
    }

    /// <summary>Where a silo listens for clients; null if it does not.</summary>
    public static IPEndPoint? Find(EndpointOptions endpoints) => endpoints.GatewayListeningEndpoint
        ?? (endpoints.GatewayPort == 0 ? null : new IPEndPoint(endpoints.AdvertisedIPAddress, endpoints.GatewayPort));

    /// <summary>Whether other machines may call what is the edges' alone.</summary>
    public static bool IsOpen(IPEndPoint gateway, string? edgeKey) => !IPAddress.IsLoopback(gateway.Address) && string.IsNullOrEmpty(edgeKey);
}

using System.Net;
using Orleans.Configuration;

namespace KadOrleans.Grains;

// The port that a silo opens to clients.
internal static class Gateway
{
    /// <summary>Where it listens. Null if the silo has none.</summary>
    public static IPEndPoint? Find(EndpointOptions endpoints) => endpoints.GatewayListeningEndpoint
        ?? (endpoints.GatewayPort == 0 || endpoints.AdvertisedIPAddress is null ? null : new IPEndPoint(endpoints.AdvertisedIPAddress, endpoints.GatewayPort));

    public static bool IsOpenToOthers(EndpointOptions endpoints) => Find(endpoints) is { } gateway && !IPAddress.IsLoopback(gateway.Address);
}

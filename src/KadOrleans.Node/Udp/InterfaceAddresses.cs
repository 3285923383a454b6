using System.Net.NetworkInformation;

namespace KadOrleans.Node;

internal static class InterfaceAddresses
{
    /// <summary>The endpoints, with each address of the machine's interfaces in place of a wildcard.</summary>
    public static IReadOnlyList<UdpEndpoint> Expand(IReadOnlyList<UdpEndpoint> endpoints) =>
        endpoints.Any(endpoint => endpoint.IsWildcard) ? [.. endpoints.Concat(endpoints.Where(one => one.IsWildcard).SelectMany(Expand)).Distinct()] : endpoints;

    private static IEnumerable<UdpEndpoint> Expand(UdpEndpoint wildcard) => Read()
        .Select(address => UdpEndpoint.FromIPAddress(address, wildcard.Port))
        .Where(endpoint => endpoint.IsIPv4 == wildcard.IsIPv4 || wildcard.IsDualMode);

    private static List<IPAddress> Read()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address)];
        }
        catch (Exception e) when (e is NetworkInformationException or PlatformNotSupportedException)
        {
            // Some sandboxes do not tell. What others say of the node's address is left.
            return [];
        }
    }
}

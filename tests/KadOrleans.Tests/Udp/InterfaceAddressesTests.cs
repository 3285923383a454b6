using System.Net.NetworkInformation;

namespace KadOrleans.Tests.Udp;

public sealed class InterfaceAddressesTests
{
    [Fact]
    public async Task A_transport_on_all_addresses_has_each_of_the_machine_as_its_own()
    {
        await using var transport = UdpTransport.Bind(UdpEndpoint.FromIPv4(0, 0));
        var port = transport.LocalEndpoints[0].Port;

        var expected = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(one => one.GetIPProperties().UnicastAddresses)
            .Select(one => UdpEndpoint.FromIPAddress(one.Address, port))
            .Where(endpoint => endpoint.IsIPv4);
        Assert.Equal(expected.Append(transport.LocalEndpoints[0]).ToHashSet(), transport.OwnEndpoints.ToHashSet());
        Assert.Contains(UdpEndpoint.FromIPv4(0x7F00_0001, port), transport.OwnEndpoints);
    }

    [Fact]
    public async Task A_transport_on_one_address_has_that()
    {
        await using var transport = UdpTransport.Bind(UdpEndpoint.FromIPv4(0x7F00_0001, 0));

        Assert.Equal(transport.LocalEndpoints, transport.OwnEndpoints);
    }
}

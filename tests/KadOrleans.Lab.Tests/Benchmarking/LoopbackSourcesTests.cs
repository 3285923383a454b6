using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Lab.Benchmarking;

namespace KadOrleans.Lab.Tests.Benchmarking;

public sealed class LoopbackSourcesTests
{
    [Fact]
    public void Each_source_is_a_loopback_address_of_a_subnet_of_its_own()
    {
        var endpoints = Enumerable.Range(0, LoopbackSources.Most)
            .Select(index => UdpEndpoint.FromIPv4(LoopbackSources.AddressOf(index), 1)).ToList();

        Assert.All(endpoints, endpoint => Assert.True(endpoint.IsLoopback));
        Assert.Equal(LoopbackSources.Most, endpoints.Select(SourceNetwork.SubnetOf).Distinct().Count());
    }

    [Fact]
    public void Addresses_lead_back_to_their_sources_and_others_to_none()
    {
        Assert.All(
            Enumerable.Range(0, LoopbackSources.Most),
            index => Assert.Equal(index, LoopbackSources.IndexOf(LoopbackSources.AddressOf(index))));
        Assert.All(
            ["127.0.0.1:1", "127.1.0.2:1", "127.1.250.1:1", "127.5.0.1:1", "10.1.0.1:1", "255.255.255.255:1"],
            other => Assert.Equal(-1, LoopbackSources.IndexOf((uint)UdpEndpoint.Parse(other).AddressLow)));
    }
}

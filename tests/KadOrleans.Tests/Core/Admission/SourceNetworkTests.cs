namespace KadOrleans.Tests.Core;

public class SourceNetworkTests
{
    [Fact]
    public void No_endpoint_passes_for_a_trusted_source() => Assert.All(
        ["::1", "::2", "::", "::1.2.3.4", "0:0:0:1::1", "0.0.0.0", "1.2.3.4", "2001:db8::1"],
        address =>
        {
            var endpoint = UdpEndpoint.FromIPAddress(IPAddress.Parse(address), 1);
            Assert.False(SourceNetwork.Of(endpoint).IsTrusted);
            Assert.False(SourceNetwork.SubnetOf(endpoint).IsTrusted);
        });

    [Theory]
    [InlineData("1.2.3.4:5", "1.2.3.4:6", true, true)]
    [InlineData("1.2.3.4:5", "1.2.3.5:5", false, true)]
    [InlineData("1.2.3.4:5", "1.2.4.4:5", false, false)]
    [InlineData("1.2.3.4:5", "[::ffff:1.2.3.4]:5", true, true)]
    [InlineData("[2001:db8:1:2::1]:5", "[2001:db8:1:2:ffff::1]:5", true, true)]
    [InlineData("[2001:db8:1:2::1]:5", "[2001:db8:1:3::1]:5", false, true)]
    [InlineData("[2001:db8:1:2::1]:5", "[2001:db8:2:2::1]:5", false, false)]
    public void One_address_or_one_64_is_a_source(string left, string right, bool sameSource, bool sameSubnet)
    {
        var (a, b) = (UdpEndpoint.Parse(left), UdpEndpoint.Parse(right));
        Assert.Equal(sameSource, SourceNetwork.Of(a) == SourceNetwork.Of(b));
        Assert.Equal(sameSubnet, SourceNetwork.SubnetOf(a) == SourceNetwork.SubnetOf(b));
    }

    [Theory]
    [InlineData("1.2.3.255:5")]
    [InlineData("[2001:db8:1:2::1]:5")]
    [InlineData("[::2]:5")]
    public void A_proven_source_is_of_the_same_networks_and_comes_back_from_its_bytes(string text)
    {
        var endpoint = UdpEndpoint.Parse(text);
        var (source, bytes) = (SourceNetwork.Of(endpoint), new byte[SourceNetwork.EncodedLength]);
        var proven = source.WithProof(true);

        Assert.Equal((false, true), (source.IsProven, proven.IsProven));
        Assert.Equal((source, source, source.ToString()), (proven.Address, proven.WithProof(false), proven.ToString()));
        Assert.Equal(SourceNetwork.SubnetOf(endpoint), source.Subnet);
        Assert.Equal(source.Subnet.WithProof(true), proven.Subnet);
        Assert.Equal(SourceNetwork.Trusted, SourceNetwork.Trusted.WithProof(true));
        foreach (var one in new[] { source, proven })
        {
            one.CopyTo(bytes);
            Assert.Equal(one, SourceNetwork.Decode(bytes));
        }
    }

    [Theory]
    [InlineData("203.0.113.7:1", "203.0.113.7")]
    [InlineData("[2001:db8:0:7::9]:1", "2001:db8:0:7::/64")]
    public void A_source_is_shown_as_its_address_or_its_prefix(string endpoint, string text) =>
        Assert.Equal(text, SourceNetwork.Of(UdpEndpoint.Parse(endpoint)).ToText());
}

public class SubnetDiversityTests
{
    [Fact]
    public void A_subnet_has_its_share_of_a_bucket_and_of_the_table()
    {
        var diversity = new SubnetDiversity();
        for (var host = 1u; host <= 10; host++)
        {
            var endpoint = UdpEndpoint.FromIPv4(0x08080800 + host, 1);
            Assert.True(diversity.Allows(endpoint, 1));
            Assert.False(diversity.Allows(endpoint, 2));
            diversity.Add(endpoint);
        }

        var next = UdpEndpoint.Parse("8.8.8.200:1");
        Assert.False(diversity.Allows(next, 0));
        Assert.True(diversity.Allows(UdpEndpoint.Parse("8.8.9.1:1"), 0));
        diversity.Remove(UdpEndpoint.Parse("8.8.8.1:1"));
        Assert.True(diversity.Allows(next, 0));
        Assert.Equal(9, diversity.CountOf(next));
    }
}

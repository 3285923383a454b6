using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Tests.Admission;

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

    [Fact]
    public void An_ipv6_subnet_is_a_48()
    {
        var diversity = new SubnetDiversity(new SubnetLimits { PerTable = 1 }, AddressRangeSet.Empty);
        diversity.Add(UdpEndpoint.Parse("[2001:db8:1:2::3]:1"));
        Assert.False(diversity.Allows(UdpEndpoint.Parse("[2001:db8:1:ffff::9]:1"), 0));
        Assert.True(diversity.Allows(UdpEndpoint.Parse("[2001:db8:2::3]:1"), 0));
    }

    [Theory]
    [InlineData("127.0.0.1:1")]
    [InlineData("[::1]:1")]
    [InlineData("10.1.2.3:1")]
    [InlineData("192.168.1.1:1")]
    [InlineData("169.254.1.1:1")]
    [InlineData("[fe80::1]:1")]
    [InlineData("[fd00::1]:1")]
    [InlineData("203.0.113.7:1")]
    public void Near_and_trusted_addresses_are_not_counted(string text)
    {
        var diversity = new SubnetDiversity(new SubnetLimits(), AddressRangeSet.Parse(["203.0.113.0/24"]));
        var endpoint = UdpEndpoint.Parse(text);
        for (var i = 0; i < 50; i++)
        {
            Assert.True(diversity.Allows(endpoint, i));
            diversity.Add(endpoint);
        }

        Assert.Equal(0, diversity.CountOf(endpoint));
    }
}

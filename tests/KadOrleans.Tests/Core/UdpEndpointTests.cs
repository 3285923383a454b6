namespace KadOrleans.Tests.Core;

public class UdpEndpointTests
{
    [Fact]
    public void What_is_written_is_read_back() => Randomized.ForSeeds(1_000, random =>
    {
        var endpoint = AddressTextTests.RandomEndpoint(random);
        Assert.Equal(endpoint, UdpEndpoint.Parse(endpoint.ToString()));
        Assert.Equal(endpoint, UdpEndpoint.FromIPAddress(endpoint.ToIPAddress(), endpoint.Port));
        Assert.Equal(endpoint.GetHashCode(), UdpEndpoint.Parse(endpoint.ToString()).GetHashCode());
        Assert.Equal(IPEndPoint.Parse(endpoint.ToString()).Port, endpoint.Port);
        Assert.NotEqual(endpoint, endpoint.WithPort((ushort)(endpoint.Port + 1)));
        Span<byte> bytes = stackalloc byte[16];
        endpoint.WriteIPv6(bytes);
        Assert.Equal(endpoint, UdpEndpoint.FromIPv6(bytes, endpoint.Port));
    });

    [Fact]
    public void Mapped_addresses_are_the_plain_ones()
    {
        Assert.Equal(UdpEndpoint.Parse("1.2.3.4:80"), UdpEndpoint.Parse("[::ffff:1.2.3.4]:80"));
        Assert.Equal("1.2.3.4:80", UdpEndpoint.Parse("[::ffff:102:304]:80").ToString());
    }

    [Fact]
    public void Other_text_is_no_endpoint()
    {
        string?[] texts =
        [
            null, "", ":80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+1", "1.2.3.4: 1", "1.2.3.4:80\0",
            "::1:80", "[::1]", "[::1:80", "[:80", "[]:80", "[1.2.3.4]:80", "[fe80::1%1]:80", "localhost:80",
        ];
        Assert.All(texts, text =>
        {
            Assert.False(UdpEndpoint.TryParse(text, out var endpoint));
            Assert.Equal(default, endpoint);
            Assert.Throws(text is null ? typeof(ArgumentNullException) : typeof(FormatException), () => UdpEndpoint.Parse(text!));
        });
    }

    [Fact]
    public void Unicast_means_one_node_can_be_reached()
    {
        Assert.All(
            ["1.2.3.4:1", "223.255.255.255:1", "[::1]:1", "[2001:db8::1]:65535"],
            text => Assert.True(UdpEndpoint.Parse(text).IsUnicast));
        Assert.All(
            ["224.0.0.1:1", "240.0.0.1:1", "255.255.255.255:1", "0.0.0.0:1", "0.1.2.3:1", "1.2.3.4:0", "[::]:1", "[ff02::1]:1"],
            text => Assert.False(UdpEndpoint.Parse(text).IsUnicast));
    }

    [Theory]
    [InlineData("127.0.0.1 127.255.0.1 ::1", true, false, false)]
    [InlineData("169.254.1.1 fe80::1 febf::1", false, true, false)]
    [InlineData("10.0.0.1 172.16.0.0 172.31.255.255 192.168.0.1 fc00::1 fdff::1", false, false, true)]
    [InlineData(
        "126.255.255.255 ::2 169.255.1.1 fec0::1 11.0.0.1 172.15.255.255 172.32.0.0 192.169.0.1 fe00::1", false, false, false)]
    public void Scopes_are_told_apart(string addresses, bool loopback, bool linkLocal, bool isPrivate) => Assert.All(
        addresses.Split(' ').Select(At),
        one => Assert.Equal((loopback, linkLocal, isPrivate), (one.IsLoopback, one.IsLinkLocal, one.IsPrivate)));

    [Fact]
    public void Special_purposes_are_told_apart()
    {
        string[] special =
        [
            "64:ff9b::", "64:ff9b::a00:1", "64:ff9b::ffff:ffff", "64:ff9b:1::1", "64:ff9b:1:ffff::1", "2002::1", "2002:a00:1::1",
            "2002:ffff:ffff::1", "2001::1", "2001:0:ffff::1", "2001:2::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1",
            "100::1", "100::ffff:ffff:ffff:ffff", "fec0::1", "feff::1", "::2", "::10.0.0.1", "3fff:fff::1", "192.88.99.0",
            "192.88.99.255",
        ];
        string[] ordinary =
        [
            "64:ff9b::1:0:0", "64:ff9b:2::1", "2003::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "100:0:0:1::1",
            "::1:0:0:1", "::ffff:8.8.8.8", "3fff:1000::1", "2600::1", "2a00::1", "192.88.98.255", "192.88.100.0", "8.8.8.8",
        ];
        Assert.All(special, address => Assert.True(At(address).IsSpecialPurpose));
        Assert.All(ordinary, address => Assert.False(At(address).IsSpecialPurpose));
    }

    private static UdpEndpoint At(string address) => UdpEndpoint.FromIPAddress(IPAddress.Parse(address), 1);
}

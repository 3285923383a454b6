using System.Net;
using KadOrleans.Core.Admission;
using KadOrleans.Testing;

namespace KadOrleans.Core.Tests.Admission;

public class AddressRangeTests
{
    [Fact]
    public void A_range_agrees_with_the_base_librarys_networks() => Randomized.ForSeeds(1_000, random =>
    {
        var endpoint = AddressTextTests.RandomEndpoint(random);
        var bits = endpoint.IsIPv4 ? 32 : 128;
        var length = random.Next(bits + 1);
        var range = AddressRange.Parse($"{AddressText.Format(endpoint)}/{length}");
        var network = IPNetwork.Parse(range.ToString());
        Assert.Equal(range, AddressRange.Parse(range.ToString()));
        Assert.True(range.Contains(endpoint));
        Assert.True(range.Contains(endpoint.WithPort(9)));
        for (var i = 0; i < 20; i++)
        {
            var other = Flip(endpoint, bits, random.Next(bits));
            Assert.Equal(network.Contains(other.ToIPAddress()), range.Contains(other));
        }
    });

    [Fact]
    public void An_address_alone_is_a_range_of_one()
    {
        Assert.Equal("10.0.0.1/32", AddressRange.Parse("10.0.0.1").ToString());
        Assert.Equal("::1/128", AddressRange.Parse("::1").ToString());
    }

    [Fact]
    public void Mapped_addresses_are_ipv4()
    {
        Assert.Equal(AddressRange.Parse("10.0.0.0/8"), AddressRange.Parse("::ffff:10.0.0.0/104"));
        Assert.True(AddressRange.Parse("10.0.0.0/8").Contains(UdpEndpoint.Parse("[::ffff:10.1.2.3]:1")));
        Assert.False(AddressRange.Parse("::/0").Contains(UdpEndpoint.Parse("10.1.2.3:1")));
        Assert.False(AddressRange.Parse("0.0.0.0/0").Contains(UdpEndpoint.Parse("[2001:db8::1]:1")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/8")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/08")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("10.0.0.0/ 8")]
    [InlineData("10.0.0.0/9999999999")]
    [InlineData("10.0.0/8")]
    [InlineData("::/129")]
    [InlineData("::ffff:10.0.0.0/95")]
    [InlineData("host/8")]
    public void Other_text_is_refused(string? text)
    {
        Assert.False(AddressRange.TryParse(text, out var range));
        Assert.Equal(default, range);
        Assert.Throws<FormatException>(() => AddressRange.Parse(text!));
    }

    [Fact]
    public void A_set_has_what_one_of_its_ranges_has()
    {
        var set = AddressRangeSet.Parse(["10.0.0.0/8", "2001:db8::/32"]);
        Assert.True(set.Contains(UdpEndpoint.Parse("10.255.0.1:5")));
        Assert.True(set.Contains(UdpEndpoint.Parse("[2001:db8:ffff::1]:5")));
        Assert.False(set.Contains(UdpEndpoint.Parse("11.0.0.1:5")));
        Assert.False(AddressRangeSet.Empty.Contains(UdpEndpoint.Parse("10.0.0.1:5")));
        Assert.Equal(2, set.Ranges.Count);
        Assert.Contains("bad", Assert.Throws<FormatException>(() => AddressRangeSet.Parse(["::1", "bad"])).Message, StringComparison.Ordinal);
    }

    private static UdpEndpoint Flip(UdpEndpoint endpoint, int bits, int bit)
    {
        Span<byte> bytes = stackalloc byte[16];
        endpoint.WriteIPv6(bytes);
        var index = 128 - bits + bit;
        bytes[index / 8] ^= (byte)(0x80 >> (index % 8));
        var flipped = UdpEndpoint.FromIPv6(bytes, endpoint.Port);

        // A flip may turn an IPv6 address into a mapped one; then nothing is flipped.
        return flipped.IsIPv4 == endpoint.IsIPv4 ? flipped : endpoint;
    }
}

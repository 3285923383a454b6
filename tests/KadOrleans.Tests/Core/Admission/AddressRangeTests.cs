namespace KadOrleans.Tests.Core;

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
        var set = new AddressRangeSet([range]);
        Assert.True(set.Contains(endpoint.WithPort(9)));
        for (var i = 0; i < 20; i++)
        {
            var other = Flip(endpoint, bits, random.Next(bits));
            Assert.Equal(network.Contains(other.ToIPAddress()), set.Contains(other));
        }
    });

    [Fact]
    public void A_range_has_addresses_of_its_own_family()
    {
        Assert.False(AddressRangeSet.Parse(["::/0"]).Contains(UdpEndpoint.Parse("10.1.2.3:1")));
        Assert.False(AddressRangeSet.Parse(["0.0.0.0/0"]).Contains(UdpEndpoint.Parse("[2001:db8::1]:1")));
        var refused = Assert.Throws<FormatException>(() => AddressRangeSet.Parse(["::1", "bad"]));
        Assert.Contains("bad", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_text_is_refused()
    {
        string?[] texts =
        [
            null, "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/ 8",
            "10.0.0.0/9999999999", "10.0.0/8", "::/129", "::ffff:10.0.0.0/95", "host/8",
        ];
        Assert.All(texts, text =>
        {
            Assert.False(AddressRange.TryParse(text, out var range));
            Assert.Equal(default, range);
            Assert.Throws<FormatException>(() => AddressRange.Parse(text!));
        });
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

public class AddressScopeTests
{
    [Fact]
    public void Near_addresses_are_believed_from_near_sources_only()
    {
        string[] believed =
        [
            "127.0.0.1 > 127.0.0.2", "::1 > 127.0.0.2", "127.0.0.1 > 169.254.0.1", "127.0.0.1 > 8.8.8.8", "169.254.0.1 > fe80::1",
            "10.0.0.1 > 10.0.0.2", "10.0.0.1 > 8.8.8.8", "8.8.8.8 > 100.128.0.1", "8.8.8.8 > 192.0.3.1", "8.8.8.8 > 198.20.0.1",
            "192.0.2.1 > 192.0.2.2", "192.0.2.1 > 10.0.0.1", "2600::1 > 2001:db9::1", "fd00::1 > 64:ff9b::808:808",
            "64:ff9b::808:808 > 8.8.8.8",
        ];
        string[] refused =
        [
            "10.0.0.1 > 127.0.0.1", "169.254.0.1 > ::1", "8.8.8.8 > ::1", "10.0.0.1 > 169.254.0.1", "2001:db8::1 > fe80::1",
            "8.8.8.8 > 10.0.0.1", "8.8.8.8 > 172.31.0.1", "8.8.8.8 > 192.168.0.1", "8.8.8.8 > 100.64.0.1",
            "8.8.8.8 > 100.127.255.255", "8.8.8.8 > 192.0.2.1", "8.8.8.8 > 192.0.0.8", "8.8.8.8 > 198.51.100.1",
            "8.8.8.8 > 198.19.0.1", "8.8.8.8 > 203.0.113.1", "2600::1 > 2001:db8::1", "2600::1 > 3fff:fff::1",
            "2600::1 > fd00::1", "2600::1 > 64:ff9b::a00:1", "2600::1 > 64:ff9b:1::a00:1", "2600::1 > 2002:a00:1::1",
            "2002:808:808::1 > 10.0.0.1", "2002:808:808::1 > 2002:a00:1::1", "64:ff9b::808:808 > 10.0.0.1",
        ];
        Assert.All(believed, pair => Assert.True(Allows(pair)));
        Assert.All(refused, pair => Assert.False(Allows(pair)));

        static bool Allows(string pair) => AddressScope.Allows(At(pair.Split(" > ")[0]), At(pair.Split(" > ")[1]));

        static UdpEndpoint At(string address) => UdpEndpoint.FromIPAddress(IPAddress.Parse(address), 1);
    }
}

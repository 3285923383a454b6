namespace KadOrleans.Tests.Udp;

public sealed class SocketAddressBytesTests
{
    [Fact]
    public void What_is_filled_in_is_what_the_base_library_writes_and_is_read_back() => Randomized.ForSeeds(300, random =>
    {
        var (address, port) = (new IPAddress(random.NextBytes(random.Next(2) == 0 ? 4 : 16)), random.Next(65_536));
        var endpoint = UdpEndpoint.FromIPAddress(address, port);
        foreach (var form in (HashSet<IPAddress>)[address, address.MapToIPv6()])
        {
            var written = new IPEndPoint(form, port).Serialize();
            Assert.Equal(written, SocketAddressBytes.Fill(endpoint, form.AddressFamily));
            Assert.True(SocketAddressBytes.TryRead(written, out var read));
            Assert.Equal(endpoint, read);
        }
    });

    [Fact]
    public void No_source_is_read_from_other_families_or_cut_addresses()
    {
        var cut = new IPEndPoint(IPAddress.IPv6Loopback, 9).Serialize();
        cut.Size = 16;

        Assert.False(SocketAddressBytes.TryRead(new SocketAddress(AddressFamily.Unix, 32), out _));
        Assert.False(SocketAddressBytes.TryRead(cut, out _));
        SocketAddressBytes.Reset(cut, AddressFamily.InterNetworkV6);
        Assert.True(SocketAddressBytes.TryRead(cut, out _));
    }
}

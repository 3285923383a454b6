using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;

namespace KadOrleans.Tests.Udp;

public sealed class SocketAddressBytesTests
{
    private static readonly Arbitrary<IPAddress> Addresses = Gen.OneOf(
        Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>(), 4), Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>(), 16))
        .Select(bytes => new IPAddress(bytes)).ToArbitrary();

    [Fact]
    public void What_is_filled_in_is_what_the_base_library_writes() => Prop.ForAll(
        Addresses,
        ArbMap.Default.ArbFor<ushort>(),
        (address, port) => address.AddressFamily == AddressFamily.InterNetwork
            ? SameAsLibrary(address, port) && SameAsLibrary(address.MapToIPv6(), port)
            : SameAsLibrary(address, port) || address.IsIPv4MappedToIPv6).QuickCheckThrowOnFailure();

    [Fact]
    public void What_the_base_library_writes_is_read_back() => Prop.ForAll(
        Addresses,
        ArbMap.Default.ArbFor<ushort>(),
        (address, port) => SocketAddressBytes.TryRead(new IPEndPoint(address, port).Serialize(), out var read)
            && read == UdpEndpoint.FromIPAddress(address, port)).QuickCheckThrowOnFailure();

    [Fact]
    public void A_mapped_source_is_read_as_plain_IPv4()
    {
        var written = new IPEndPoint(IPAddress.Parse("::ffff:198.51.100.7"), 9).Serialize();

        Assert.True(SocketAddressBytes.TryRead(written, out var read));
        Assert.Equal("198.51.100.7:9", read.ToString());
    }

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

    private static bool SameAsLibrary(IPAddress address, ushort port) => SocketAddressBytes
        .Fill(UdpEndpoint.FromIPAddress(address, port), address.AddressFamily)
        .Equals(new IPEndPoint(address, port).Serialize());
}

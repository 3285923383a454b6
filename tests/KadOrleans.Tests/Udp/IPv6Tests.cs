namespace KadOrleans.Tests.Udp;

public sealed class IPv6Tests
{
    private static readonly UdpEndpoint DualMode = UdpEndpoint.Parse("[::]:0");
    private static readonly UdpEndpoint Loopback = UdpEndpoint.Parse("[::1]:0");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_dual_mode_endpoint_talks_to_both_families_and_shows_IPv4_as_such(int sockets)
    {
        var options = new UdpTransportOptions { Listen = [DualMode], SocketsPerEndpoint = sockets };
        if (IPv6Loopback.IsRefused(Loopback))
        {
            return;
        }

        await using var transport = UdpTransport.Bind(options);
        var inbox = new Inbox();
        transport.Start(inbox);
        var port = transport.LocalEndpoints[0].Port;
        foreach (var address in new[] { "127.0.0.1:0", "[::1]:0" })
        {
            using var contact = new PlainSocket(address);
            var at = UdpEndpoint.Parse(address).WithPort(port);

            contact.Send([1], at);
            Assert.Equal(contact.Endpoint, (await inbox.NextAsync()).Source);
            Assert.True(transport.Send([2], contact.Endpoint));
            Assert.Equal(at, (await contact.NextAsync()).Source);
        }
    }

    [Fact]
    public async Task An_IPv6_loopback_endpoint_reaches_only_itself()
    {
        if (IPv6Loopback.IsRefused(Loopback))
        {
            return;
        }

        await using var transport = UdpTransport.Bind(Loopback);
        using var contact = new PlainSocket("[::1]:0");
        using var other = new PlainSocket("127.0.0.1:0");

        Assert.True(transport.Send([1], contact.Endpoint));
        Assert.Equal(transport.LocalEndpoints[0], (await contact.NextAsync()).Source);
        Assert.False(transport.Send([1], other.Endpoint));
        Assert.False(transport.Send([1], UdpEndpoint.Parse("[2001:db8::1]:8468")));
    }

    [Fact]
    public async Task An_IPv6_address_leaves_the_IPv4_port_alone()
    {
        if (IPv6Loopback.IsRefused(Loopback))
        {
            return;
        }

        await FreePort.RetryAsync<TransportException>(async free =>
        {
            await using var transport = UdpTransport.Bind(Loopback.WithPort(free.Port));
            await using var beside = UdpTransport.Bind(free);
        });
    }
}

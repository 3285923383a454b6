namespace KadOrleans.Tests.Udp;

public sealed class SharedPortTests
{
    private const int Sources = 128;

    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("[::1]:0")]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    public async Task Sources_are_spread_over_all_sockets_of_a_port(string listen)
    {
        const int Sockets = 3;
        var options = new UdpTransportOptions { Listen = [UdpEndpoint.Parse(listen)], SocketsPerEndpoint = Sockets };
        if (IPv6Loopback.IsRefused(options.Listen[0]))
        {
            return;
        }

        await using var transport = UdpTransport.Bind(options);
        var inbox = new Inbox();
        transport.Start(inbox);
        var threads = new HashSet<int>();
        var address = options.Listen[0].IsIPv4 ? "127.0.0.1:0" : "[::1]:0";
        var target = UdpEndpoint.Parse(address).WithPort(transport.LocalEndpoints[0].Port);
        for (var i = 0; i < Sources; i++)
        {
            using var contact = new PlainSocket(address);
            contact.Send([1], target);
            var arrival = await inbox.NextAsync();
            Assert.Equal(contact.Endpoint, arrival.Source);
            threads.Add(arrival.Thread);
        }

        // Elsewhere than on Linux the one socket takes all.
        Assert.Equal(OperatingSystem.IsLinux() ? Sockets : 1, threads.Count);
        Assert.Single(transport.LocalEndpoints);
    }

    [Fact]
    public async Task All_sockets_of_a_port_send_from_it()
    {
        await using var transport = UdpTransport.Bind(
            new UdpTransportOptions { Listen = [UdpEndpoint.Parse("127.0.0.1:0")], SocketsPerEndpoint = 3 });

        for (var i = 0; i < Sources; i++)
        {
            using var contact = new PlainSocket("127.0.0.1:0");
            Assert.True(transport.Send([1], contact.Endpoint));
            Assert.Equal(transport.LocalEndpoints[0], (await contact.NextAsync()).Source);
        }
    }
}

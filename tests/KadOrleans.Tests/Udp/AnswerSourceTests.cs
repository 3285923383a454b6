namespace KadOrleans.Tests.Udp;

public sealed class AnswerSourceTests
{
    private static readonly UdpEndpoint AnyPort = UdpEndpoint.Parse("127.0.0.1:0");

    [Fact]
    public async Task An_answer_comes_from_the_endpoint_that_was_asked_whatever_the_rule_would_choose()
    {
        UdpEndpoint[] listen = IPv6Loopback.IsMissing
            ? [AnyPort, AnyPort]
            : [AnyPort, AnyPort, UdpEndpoint.Parse("[::1]:0"), UdpEndpoint.Parse("[::]:0")];
        await using var transport = UdpTransport.Bind(listen);
        transport.Start(new DelegateReceiver((datagram, source, route) => route.Send(datagram, source)));

        foreach (var bound in transport.LocalEndpoints.SelectMany(Addresses))
        {
            using var contact = new PlainSocket(bound.WithPort(0).ToString());
            contact.Send([5], bound);
            Assert.Equal(bound, (await contact.NextAsync()).Source);
        }
    }

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    public async Task A_socket_of_all_addresses_answers_from_the_one_that_was_asked_at_once_and_later(string listen)
    {
        var endpoint = UdpEndpoint.Parse(listen);
        if (IPv6Loopback.IsRefused(endpoint) || !OperatingSystem.IsLinux())
        {
            return;
        }

        await using var transport = UdpTransport.Bind(endpoint);
        var asked = new BlockingCollection<(IResponseRoute Route, UdpEndpoint Source)>();
        transport.Start(new DelegateReceiver((datagram, source, route) =>
        {
            route.Send(datagram, source);
            asked.Add((route, source));
        }));

        using var contact = new PlainSocket("127.0.0.1:0");
        for (var i = 1; i < 100; i++)
        {
            var address = UdpEndpoint.FromIPv4(0x7F000000 + (uint)i, transport.LocalEndpoints[0].Port);
            contact.Send([1], address);
            Assert.Equal(address, (await contact.NextAsync()).Source);

            var (route, source) = asked.Take(TestContext.Current.CancellationToken);
            Assert.True(route.Send([2], source));
            Assert.Equal(address, (await contact.NextAsync()).Source);
            Assert.True(route.SendLater([3], source));
            route.Flush();
            Assert.Equal(address, (await contact.NextAsync()).Source);
        }
    }

    [Fact]
    public async Task What_is_no_answer_leaves_by_the_rule_even_inside_the_receiver()
    {
        await using var transport = UdpTransport.Bind(AnyPort, AnyPort);
        using var asker = new PlainSocket("127.0.0.1:0");
        using var third = new PlainSocket("127.0.0.1:0");
        transport.Start(new DelegateReceiver((datagram, _, _) => transport.Send(datagram, third.Endpoint)));

        asker.Send([1], transport.LocalEndpoints[1]);
        Assert.Equal(transport.LocalEndpoints[0], (await third.NextAsync()).Source);

        Assert.True(transport.Send([2], third.Endpoint));
        Assert.Equal(transport.LocalEndpoints[0], (await third.NextAsync()).Source);
    }

    private static IEnumerable<UdpEndpoint> Addresses(UdpEndpoint bound) => bound.IsDualMode
        ? [AnyPort.WithPort(bound.Port), UdpEndpoint.Parse("[::1]:0").WithPort(bound.Port)]
        : [bound];
}

namespace KadOrleans.Tests.Udp;

public sealed class DeferredResponseTests
{
    private static readonly UdpEndpoint AnyPort = UdpEndpoint.Parse("127.0.0.1:0");

    [Fact]
    public async Task Responses_that_may_wait_leave_with_the_flush_and_nothing_else_waits()
    {
        using var contact = new PlainSocket("127.0.0.1:0");
        var (transport, route) = Start(contact);
        await using var _ = transport;

        Assert.True(route.SendLater([1], contact.Endpoint));
        Assert.True(route.SendLater([2], contact.Endpoint));
        Assert.True(transport.Send([3], contact.Endpoint));
        var seen = new List<byte> { (await contact.NextAsync()).Datagram[0] };
        Assert.Equal(OperatingSystem.IsLinux() ? 3 : 1, seen[0]);
        route.Flush();

        seen.Add((await contact.NextAsync()).Datagram[0]);
        seen.Add((await contact.NextAsync()).Datagram[0]);
        Assert.Equal(new byte[] { 1, 2, 3 }, seen.Order());
    }

    [Fact]
    public async Task A_response_too_long_to_wait_leaves_at_once()
    {
        using var contact = new PlainSocket("127.0.0.1:0");
        var (transport, route) = Start(contact);
        await using var _ = transport;
        var answer = new byte[60_000];

        Assert.True(route.SendLater(answer, contact.Endpoint));

        Assert.Equal(answer.Length, (await contact.NextAsync()).Datagram.Length);
    }

    [Fact]
    public async Task What_waits_when_the_transport_is_closed_is_sent_before()
    {
        using var contact = new PlainSocket("127.0.0.1:0");
        var (transport, route) = Start(contact);

        Assert.True(route.SendLater([1], contact.Endpoint));
        await transport.DisposeAsync();
        Assert.False(route.SendLater([2], contact.Endpoint));
        route.Flush();

        Assert.Equal(new byte[] { 1 }, (await contact.NextAsync()).Datagram);
    }

    [Fact]
    public async Task Responses_that_the_system_does_not_take_leave_the_others_alone()
    {
        using var contact = new PlainSocket("127.0.0.1:0");
        var (transport, route) = Start(contact);
        await using var _ = transport;

        // To an address that no loopback socket reaches.
        var unreachable = UdpEndpoint.Parse("192.0.2.1:9");
        route.SendLater([1], unreachable);
        route.SendLater([2], contact.Endpoint);
        route.Flush();

        Assert.Equal(new byte[] { 2 }, (await contact.NextAsync()).Datagram);
    }

    /// <summary>A transport, and the route by which it responds to the contact.</summary>
    private static (UdpTransport Transport, IResponseRoute Route) Start(PlainSocket contact)
    {
        var transport = UdpTransport.Bind(AnyPort);
        var routes = new BlockingCollection<IResponseRoute>();
        transport.Start(new DelegateReceiver((_, _, route) => routes.Add(route)));
        contact.Send([0], transport.LocalEndpoints[0]);
        return (transport, routes.Take(TestContext.Current.CancellationToken));
    }
}

namespace KadOrleans.Tests.Udp;

public sealed class BindingTests
{
    private static readonly UdpEndpoint AnyPort = UdpEndpoint.Parse("127.0.0.1:0");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_port_held_by_a_socket_that_would_share_it_is_refused_to_its_address_and_to_a_wildcard(int sockets)
    {
        using var holder = new PlainSocket("127.0.0.1:0", sharePort: OperatingSystem.IsLinux());

        AssertTaken(holder.Endpoint, sockets);
        AssertTaken(UdpEndpoint.FromIPv4(0, holder.Endpoint.Port), sockets);
    }

    [Fact]
    public async Task A_refused_endpoint_gives_back_those_bound_before_it()
    {
        using var holder = new PlainSocket("127.0.0.1:0");

        await FreePort.RetryAsync<TransportException>(async free =>
        {
            Assert.Throws<TransportException>(() => UdpTransport.Bind(free, holder.Endpoint));
            await using var transport = UdpTransport.Bind(free);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_disposed_transport_gives_its_port_back(int sockets) =>
        await FreePort.RetryAsync<TransportException>(async free =>
        {
            var first = UdpTransport.Bind(Options(free, sockets));
            first.Start(new Inbox());
            await first.DisposeAsync();
            await using var second = UdpTransport.Bind(Options(free, sockets));
        });

    [Fact]
    public void An_address_of_another_machine_is_refused()
    {
        // TEST-NET-3 (RFC 5737) belongs to no machine.
        var refusal = Assert.Throws<TransportException>(() => UdpTransport.Bind(UdpEndpoint.Parse("203.0.113.7:8468")));

        Assert.Equal(
            "Cannot listen on 203.0.113.7:8468: no interface of this machine has that address.", refusal.Message);
    }

    [Fact]
    public void Invalid_options_bind_nothing()
    {
        var refusal = Assert.Throws<TransportException>(() => UdpTransport.Bind());

        Assert.StartsWith("Listen is empty;", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Buffers_that_no_system_grants_are_no_error()
    {
        await using var transport = UdpTransport.Bind(new UdpTransportOptions
        {
            Listen = [AnyPort],
            ReceiveBufferBytes = 1024 * 1024 * 1024,
            SendBufferBytes = 1024 * 1024 * 1024,
        });

        Assert.Single(transport.LocalEndpoints);
    }

    private static UdpTransportOptions Options(UdpEndpoint listen, int sockets) =>
        new() { Listen = [listen], SocketsPerEndpoint = sockets };

    private static void AssertTaken(UdpEndpoint endpoint, int sockets)
    {
        var refusal = Assert.Throws<TransportException>(() => UdpTransport.Bind(Options(endpoint, sockets)));

        Assert.Equal($"Cannot listen on {endpoint}: another socket of this machine holds that port.", refusal.Message);
    }

    [Theory]
    [InlineData("0.0.0.0:80", SocketError.AccessDenied, "this user has no permission to bind that port")]
    [InlineData("[::]:8468", SocketError.AddressFamilyNotSupported, "this system has no IPv6")]
    [InlineData("0.0.0.0:8468", SocketError.AddressFamilyNotSupported, "this system has no IPv4")]
    public void A_refusal_names_the_endpoint_and_the_reason(string endpoint, SocketError error, string reason)
    {
        var failure = EndpointBinder.Explain(UdpEndpoint.Parse(endpoint), new SocketException((int)error));

        Assert.Equal($"Cannot listen on {endpoint}: {reason}.", failure.Message);
        Assert.IsType<SocketException>(failure.InnerException);
    }

    [Fact]
    public void An_unforeseen_refusal_is_named_by_its_code()
    {
        var failure = EndpointBinder.Explain(
            UdpEndpoint.Parse("127.0.0.1:1"), new SocketException((int)SocketError.TooManyOpenSockets));

        Assert.Contains("TooManyOpenSockets", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(").", failure.Message, StringComparison.Ordinal);
    }
}

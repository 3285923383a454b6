namespace KadOrleans.Tests.Udp;

public sealed class UdpTransportOptionsTests
{
    [Fact]
    public void The_defaults_are_valid_and_listen_on_the_usual_port()
    {
        var options = new UdpTransportOptions();

        Assert.Empty(options.Validate());
        Assert.Equal([UdpEndpoint.Parse("0.0.0.0:8468")], options.Listen);
        Assert.Equal(1, options.SocketsPerEndpoint);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    [InlineData(-1)]
    public void Sockets_per_endpoint_have_bounds(int value) => Assert.Equal(
        [$"SocketsPerEndpoint is {value}; 1 to 64 is allowed."],
        new UdpTransportOptions { SocketsPerEndpoint = value }.Validate());

    [Fact]
    public void Buffers_have_bounds() => Assert.Equal(
        [
            "ReceiveBufferBytes is 65535; 65536 to 1073741824 is allowed.",
            "SendBufferBytes is 1073741825; 65536 to 1073741824 is allowed.",
        ],
        new UdpTransportOptions { ReceiveBufferBytes = 65_535, SendBufferBytes = 1_073_741_825 }.Validate());

    [Theory]
    [InlineData("224.0.0.1:8468")]
    [InlineData("255.255.255.255:8468")]
    [InlineData("[ff02::1]:0")]
    [InlineData("[fe80::1]:8468")]
    public void Addresses_that_are_no_single_node_are_refused_by_name(string endpoint)
    {
        var fault = Assert.Single(Listening(endpoint).Validate());

        Assert.StartsWith($"Listen has {endpoint}; ", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:1", "127.0.0.1:1")]
    [InlineData("0.0.0.0:1", "127.0.0.1:1")]
    [InlineData("127.0.0.1:1", "0.0.0.0:1")]
    [InlineData("[::]:1", "127.0.0.1:1")]
    [InlineData("0.0.0.0:1", "[::]:1")]
    [InlineData("[::1]:1", "[::]:1")]
    public void Endpoints_that_overlap_are_refused_by_name(string first, string second) => Assert.Equal(
        [$"Listen has {second} beside {first}; each address and port must be covered once."],
        Listening(first, second).Validate());

    [Theory]
    [InlineData("127.0.0.1:1", "127.0.0.1:2")]
    [InlineData("127.0.0.1:1", "127.0.0.2:1")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("0.0.0.0:1", "[::1]:1")]
    [InlineData("0.0.0.0:0", "[::]:0")]
    public void Endpoints_that_do_not_overlap_are_valid(string first, string second) =>
        Assert.Empty(Listening(first, second).Validate());

    private static UdpTransportOptions Listening(params string[] endpoints) =>
        new() { Listen = [.. endpoints.Select(UdpEndpoint.Parse)] };
}

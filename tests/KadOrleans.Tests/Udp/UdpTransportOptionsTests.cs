namespace KadOrleans.Tests.Udp;

public sealed class UdpTransportOptionsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public void Sockets_and_buffers_have_bounds(int sockets) => Assert.Equal(
        [
            $"SocketsPerEndpoint is {sockets}; 1 to 64 is allowed.",
            "ReceiveBufferBytes is 65535; 65536 to 1073741824 is allowed.",
            "SendBufferBytes is 1073741825; 65536 to 1073741824 is allowed.",
        ],
        new UdpTransportOptions { SocketsPerEndpoint = sockets, ReceiveBufferBytes = 65_535, SendBufferBytes = (1 << 30) + 1 }
            .Validate());

    [Fact]
    public void Addresses_that_are_no_single_node_are_refused_by_name() => Assert.All(
        ["224.0.0.1:8468", "255.255.255.255:8468", "[ff02::1]:0", "[fe80::1]:8468"],
        endpoint =>
        {
            var fault = Assert.Single(Listening(endpoint).Validate());
            Assert.StartsWith($"Listen has {endpoint}; ", fault, StringComparison.Ordinal);
        });

    [Theory]
    [InlineData("127.0.0.1:1", "127.0.0.1:1", true)]
    [InlineData("0.0.0.0:1", "127.0.0.1:1", true)]
    [InlineData("127.0.0.1:1", "0.0.0.0:1", true)]
    [InlineData("[::]:1", "127.0.0.1:1", true)]
    [InlineData("0.0.0.0:1", "[::]:1", true)]
    [InlineData("[::1]:1", "[::]:1", true)]
    [InlineData("127.0.0.1:1", "127.0.0.1:2", false)]
    [InlineData("127.0.0.1:1", "127.0.0.2:1", false)]
    [InlineData("127.0.0.1:0", "127.0.0.1:0", false)]
    [InlineData("0.0.0.0:1", "[::1]:1", false)]
    [InlineData("0.0.0.0:0", "[::]:0", false)]
    public void Endpoints_that_overlap_are_refused_by_name(string first, string second, bool overlap) => Assert.Equal(
        overlap ? (string[])[$"Listen has {second} beside {first}; each address and port must be covered once."] : [],
        Listening(first, second).Validate());

    private static UdpTransportOptions Listening(params string[] endpoints) =>
        new() { Listen = [.. endpoints.Select(UdpEndpoint.Parse)] };
}

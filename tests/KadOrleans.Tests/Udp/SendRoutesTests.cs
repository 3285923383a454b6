namespace KadOrleans.Tests.Udp;

public sealed class SendRoutesTests
{
    [Theory]
    [InlineData("198.51.100.1:9", -1, "[::1]:1, [2001:db8::5]:1, 127.0.0.1:1")]
    [InlineData("198.51.100.1:9", 0, "0.0.0.0:1, [::]:1, 0.0.0.0:1 0.0.0.0:2")]
    [InlineData("198.51.100.1:9", 1, "[::]:1 0.0.0.0:2, 127.0.0.1:1 0.0.0.0:2, 127.0.0.1:1 [::]:2")]
    [InlineData("[2001:db8::1]:9", -1, "0.0.0.0:1, [::1]:1")]
    [InlineData("[2001:db8::1]:9", 0, "[::]:1")]
    [InlineData("[2001:db8::1]:9", 2, "0.0.0.0:1 [::1]:2 [::]:3")]
    [InlineData("127.0.0.9:9", -1, "[::1]:1")]
    [InlineData("127.0.0.9:9", 0, "127.0.0.1:1, 127.0.0.1:1 0.0.0.0:2, 0.0.0.0:2 127.0.0.1:1, 198.51.100.9:1")]
    [InlineData("127.0.0.9:9", 1, "198.51.100.9:1 127.0.0.1:2, 198.51.100.9:1 [::]:2")]
    public void The_destination_alone_decides_where_a_datagram_leaves(string destination, int expected, string bound)
    {
        var to = UdpEndpoint.Parse(destination);

        Assert.All(bound.Split(", "), locals => Assert.Equal(
            expected, SendRoutes.Choose([.. locals.Split(' ').Select(UdpEndpoint.Parse)], to.IsIPv4, to.IsLoopback)));
    }
}

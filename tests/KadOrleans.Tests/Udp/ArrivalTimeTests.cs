using System.Diagnostics;

namespace KadOrleans.Tests.Udp;

public sealed class ArrivalTimeTests : IDatagramReceiver
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(50);

    private readonly BlockingCollection<TimeSpan> _ages = [];

    void IDatagramReceiver.Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age) => _ages.Add(age);

    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("0.0.0.0:0")]
    public async Task A_transport_says_how_long_a_datagram_lay_in_its_socket(string listen)
    {
        await using var transport = UdpTransport.Bind(new UdpTransportOptions { Listen = [UdpEndpoint.Parse(listen)], SocketsPerEndpoint = 1 });
        var target = UdpEndpoint.Parse("127.0.0.1:0").WithPort(transport.LocalEndpoints[0].Port);
        using var contact = new PlainSocket("127.0.0.1:0");
        contact.Send([1], target);
        var sent = Stopwatch.GetTimestamp();
        Assert.True(SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(sent) >= Wait, Patience.Long));

        // Nobody has read it until now.
        transport.Start(this);
        var age = Take();
        Assert.InRange(age, OperatingSystem.IsLinux() ? Wait : TimeSpan.Zero, Patience.Long);

        contact.Send([2], target);
        Assert.True(Take() < Stopwatch.GetElapsedTime(sent));
    }

    private TimeSpan Take()
    {
        Assert.True(_ages.TryTake(out var age, Patience.Long));
        return age;
    }
}

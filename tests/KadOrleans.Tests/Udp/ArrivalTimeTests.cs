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
        // Linux begins to note times a moment after the first socket asked for it, on a busy machine a longer one.
        await using var asks = Bind(listen);
        var age = TimeSpan.Zero;
        for (var tries = 0; age < Wait && tries < 20; tries++)
        {
            age = await ReadLateAsync(listen);
        }

        Assert.InRange(age, OperatingSystem.IsLinux() ? Wait : TimeSpan.Zero, Patience.Long);
    }

    private static UdpTransport Bind(string listen) =>
        UdpTransport.Bind(new UdpTransportOptions { Listen = [UdpEndpoint.Parse(listen)], SocketsPerEndpoint = 1 });

    private async Task<TimeSpan> ReadLateAsync(string listen)
    {
        await using var transport = Bind(listen);
        var target = UdpEndpoint.Parse("127.0.0.1:0").WithPort(transport.LocalEndpoints[0].Port);
        using var contact = new PlainSocket("127.0.0.1:0");
        contact.Send([1], target);
        var sent = Stopwatch.GetTimestamp();
        Assert.True(SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(sent) >= Wait, Patience.Long));

        // Nobody has read it until now.
        transport.Start(this);
        var age = Take();

        contact.Send([2], target);
        Assert.True(Take() < Stopwatch.GetElapsedTime(sent));
        return age;
    }

    private TimeSpan Take()
    {
        Assert.True(_ages.TryTake(out var age, Patience.Long));
        return age;
    }
}

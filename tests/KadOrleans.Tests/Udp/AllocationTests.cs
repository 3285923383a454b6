namespace KadOrleans.Tests.Udp;

public sealed class AllocationTests
{
    private const int WarmUp = 200;
    private const int Measured = 5_000;

    [Theory]
    [InlineData("127.0.0.1:0", 1, false)]
    [InlineData("127.0.0.1:0", 2, false)]
    [InlineData("0.0.0.0:0", 1, false)]
    [InlineData("[::1]:0", 1, false)]
    [InlineData("127.0.0.1:0", 1, true)]
    public async Task Receiving_and_answering_allocate_nothing_per_datagram(string listen, int sockets, bool isPortable)
    {
        var endpoint = UdpEndpoint.Parse(listen);
        if (IPv6Loopback.IsRefused(endpoint))
        {
            return;
        }

        var options = new UdpTransportOptions { Listen = [endpoint], SocketsPerEndpoint = sockets, IsPortable = isPortable };
        await using var left = UdpTransport.Bind(options);
        await using var right = UdpTransport.Bind(options);
        var rally = new Rally();
        left.Start(rally);
        right.Start(new DelegateReceiver((datagram, source, route) => route.Send(datagram, source)));

        var there = right.LocalEndpoints[0];
        Assert.True(left.Send(new byte[100], there.IsWildcard ? UdpEndpoint.FromIPv4(0x7F000001, there.Port) : there));

        AssertNothingPerDatagram(await rally.AllocatedAsync());
    }

    [Fact]
    public async Task Sending_allocates_nothing_per_datagram()
    {
        await using var sender = UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0"));
        await using var target = UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0"));
        target.Start(new DelegateReceiver((_, _, _) => { }));
        var datagram = new byte[100];
        var destination = target.LocalEndpoints[0];

        long Allocate(int count)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < count; i++)
            {
                sender.Send(datagram, destination);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocate(WarmUp);
        AssertNothingPerDatagram(Allocate(Measured));
    }

    // The smallest object takes 24 bytes, so one in ten datagrams that costs any is noticed. Not exactly 0 in all: the
    // runtime now and then allocates a few dozen bytes once, on whichever thread makes it recompile a method.
    private static void AssertNothingPerDatagram(long bytes) => Assert.InRange(bytes, 0, Measured / 10 * 24);

    /// <summary>Plays each datagram back, and compares what its thread had allocated early and late in the rally.</summary>
    private sealed class Rally : IDatagramReceiver
    {
        private readonly TaskCompletionSource<long> _allocated = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;
        private long _before;

        public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
        {
            _count++;
            if (_count == WarmUp)
            {
                _before = GC.GetAllocatedBytesForCurrentThread();
            }
            else if (_count == WarmUp + Measured)
            {
                _allocated.SetResult(GC.GetAllocatedBytesForCurrentThread() - _before);
                return;
            }

            route.Send(datagram, source);
        }

        internal Task<long> AllocatedAsync() => _allocated.Task.WaitAsync(Patience.Long);
    }
}

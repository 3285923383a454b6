namespace KadOrleans.Tests.Core;

public class SourceLimiterTests
{
    private static readonly SourceLimits Small = new()
    {
        PerSource = new TokenRate(10, 20),
        PerSubnet = new TokenRate(50, 100),
        MaxTracked = 160,
    };

    [Fact]
    public void A_source_has_its_burst_and_then_its_rate_and_a_clock_set_back_blocks_nobody()
    {
        var limiter = new SourceLimiter(Small);
        var source = UdpEndpoint.Parse("1.2.3.4:5");
        Assert.Equal(20, Admitted(limiter, source, 500, Samples.Now));
        Assert.Equal(0, Admitted(limiter, source, 1, Samples.Now.AddMilliseconds(99)));
        Assert.Equal(1, Admitted(limiter, source.WithPort(6), 500, Samples.Now.AddMilliseconds(100)));
        Assert.Equal(10, Admitted(limiter, source, 500, Samples.Now.AddMilliseconds(1_100)));
        Assert.Equal(20, Admitted(limiter, source, 500, Samples.Now.AddHours(1)));
        Assert.Equal(0, Admitted(limiter, source, 1, Samples.Now.AddDays(-1)));
        Assert.Equal(1, Admitted(limiter, source, 500, Samples.Now.AddDays(-1).AddMilliseconds(100)));

        // What it asked beyond its limit takes nothing from its neighbours.
        Assert.Equal(20, Admitted(limiter, UdpEndpoint.Parse("1.2.3.5:5"), 500, Samples.Now.AddDays(-1).AddMilliseconds(100)));
    }

    [Fact]
    public void Changed_rates_hold_for_known_sources_at_once()
    {
        var limiter = new SourceLimiter(Small);
        var source = UdpEndpoint.Parse("1.2.3.4:5");
        Admitted(limiter, source, 15, Samples.Now);

        limiter.Use(Small with { PerSource = new TokenRate(1, 2) });
        Assert.Equal(2, Admitted(limiter, source, 500, Samples.Now));
        Assert.Equal(1, Admitted(limiter, source, 500, Samples.Now.AddSeconds(1)));

        limiter.Use(Small);
        Assert.Equal(10, Admitted(limiter, source, 500, Samples.Now.AddSeconds(2)));
    }

    [Fact]
    public void A_subnet_has_a_limit_of_its_own()
    {
        var limiter = new SourceLimiter(Small with { MaxTracked = 16_384 });
        var hosts = Enumerable.Range(0, 256).Select(host => UdpEndpoint.FromIPv4(0x01020300 + (uint)host, 5));
        Assert.Equal(100, hosts.Sum(host => Admitted(limiter, host, 20, Samples.Now)));
        Assert.Equal(20, Admitted(limiter, UdpEndpoint.Parse("1.2.4.1:5"), 500, Samples.Now));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void When_all_places_are_busy_strangers_share_what_is_left(bool subnetsAlone)
    {
        var limiter = new SourceLimiter(Small);
        Func<UdpEndpoint, DateTimeOffset, bool> admit = subnetsAlone ? limiter.TryAdmitSubnet : limiter.TryAdmit;
        for (var i = 0u; i < 5_000; i++)
        {
            admit(UdpEndpoint.FromIPv4(0x0B00_0000 + (i << 8), 1), Samples.Now);
        }

        // Each stripe is full of sources that have just asked, and its strangers' bucket is empty by now.
        var strangers = Enumerable.Range(0, 1_000).Select(i => UdpEndpoint.FromIPv4(0x2000_0000 + ((uint)i << 8), 1));
        Assert.All(strangers, stranger => Assert.False(admit(stranger, Samples.Now)));
        Assert.True(admit(UdpEndpoint.Parse("99.0.0.1:1"), Samples.Now.AddSeconds(10)));
    }

    [Fact]
    public void Networks_chosen_for_one_stripe_fill_none()
    {
        // A hundred to a stripe. A flood of eight hundred comes to some fifty in each, or to one alone if they could be chosen.
        var random = new SeededRandomSource(1);
        var limiter = new SourceLimiter(Small with { PerSubnet = new TokenRate(1_000, 1_000), MaxTracked = 1_600 });
        for (var i = 0; i < 800; i++)
        {
            limiter.TryAdmit(UdpEndpoint.FromHalves(HashFamilies.FoldedNetwork(random).High, 1, 1), Samples.Now);
        }

        var strangers = Enumerable.Range(0, 200).Select(i => UdpEndpoint.FromIPv4(0x2000_0000 + ((uint)i << 8), 1));
        Assert.All(strangers, stranger => Assert.Equal(20, Admitted(limiter, stranger, 30, Samples.Now)));
    }

    [Fact]
    public void An_idle_source_gives_way_to_a_stranger()
    {
        var limiter = new SourceLimiter(Small with { MaxTracked = 16 });
        for (var i = 0u; i < 500; i++)
        {
            // One place in each stripe; every stranger finds it idle and has a bucket of his own.
            var source = UdpEndpoint.FromIPv4(0x0B00_0000 + (i << 8), 1);
            Assert.Equal(20, Admitted(limiter, source, 30, Samples.Now.AddMinutes(i)));
        }
    }

    [Fact]
    public void Threads_together_are_admitted_no_more_than_the_limit()
    {
        // Sources are spread by a hash that differs with each process: all of them fit into one stripe.
        var limiter = new SourceLimiter(Small with { PerSubnet = new TokenRate(1, 1_000_000), MaxTracked = 16 * 64 });
        var admitted = new int[64];
        Parallel.For(0, 4_000, i =>
        {
            var source = i % 64;
            if (limiter.TryAdmit(UdpEndpoint.FromIPv4(0x0B00_0000 + (uint)source, 1), Samples.Now))
            {
                Interlocked.Increment(ref admitted[source]);
            }
        });
        Assert.All(admitted, count => Assert.Equal(20, count));
    }

    private static int Admitted(SourceLimiter limiter, UdpEndpoint source, int times, DateTimeOffset now)
    {
        var admitted = 0;
        for (var i = 0; i < times; i++)
        {
            admitted += limiter.TryAdmit(source, now) ? 1 : 0;
        }

        return admitted;
    }
}

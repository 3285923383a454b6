namespace KadOrleans.Tests.Node;

public sealed class VerifiedEndpointsTests
{
    private readonly ManualTimeProvider _clock = new();

    private VerifiedEndpoints Verified =>
        field ??= new(_clock, new EndpointRates(new SourceLimits(), new UploadLimits { PerEndpoint = 20_000 }));

    [Fact]
    public void An_endpoint_is_believed_for_a_generation_after_its_last_answer_and_two_at_most()
    {
        var (early, late, known) = (UdpEndpoint.Parse("11.0.0.1:1"), UdpEndpoint.Parse("11.0.0.2:1"), UdpEndpoint.Parse("11.0.0.3:1"));
        Assert.True(Verified.Add(early));
        Assert.True(Verified.Add(known));
        Assert.False(Verified.Add(known));
        _clock.Advance(VerifiedEndpoints.Generation);
        Assert.False(Verified.Add(known));
        _clock.Advance(VerifiedEndpoints.Generation);
        Assert.True(Verified.Contains(known));
        _clock.Advance(VerifiedEndpoints.Generation);
        Assert.True(Verified.Add(late));

        Assert.True(Verified.Contains(late));
        Assert.False(Verified.Contains(early));
    }

    [Theory]
    [InlineData("2001:db8::", 0xFFFF)]
    [InlineData("11.7.7.7", 0)]
    public void A_network_that_answers_from_everywhere_ends_no_generation(string network, int hosts)
    {
        var honest = UdpEndpoint.Parse("12.0.0.1:1");
        Verified.Add(honest);
        for (var i = 0; i < 3 * VerifiedEndpoints.Capacity; i++)
        {
            var host = hosts == 0 ? network : $"[2001:db8:0:{i & hosts:x}::1]";
            Verified.Add(UdpEndpoint.Parse($"{host}:{1 + (i % 65_535)}"));
        }

        Assert.True(Verified.Contains(honest));
    }

    [Fact]
    public void A_full_generation_gives_way_to_the_next_and_stays_for_one_more()
    {
        for (var i = 0; i < VerifiedEndpoints.Capacity; i++)
        {
            Verified.Add(UdpEndpoint.FromIPv4(0x0B00_0001 + ((uint)i << 8), 1));
        }

        Assert.True(Verified.Contains(UdpEndpoint.FromIPv4(0x0B00_0001, 1)));
        for (var i = 0; i < VerifiedEndpoints.Capacity; i++)
        {
            Verified.Add(UdpEndpoint.FromIPv4(0x0D00_0001 + ((uint)i << 8), 1));
        }

        Assert.False(Verified.Contains(UdpEndpoint.FromIPv4(0x0B00_0001, 1)));
    }

    [Theory]
    [InlineData("11.0.0.1", 1, UploadLimits.EndpointsPerSource)]
    [InlineData("11.0.0.1", 20, UploadLimits.EndpointsPerSubnet)]
    [InlineData("10.0.0.1", 1, 64 * 20)]
    public void The_endpoints_of_one_network_draw_what_a_few_may(string first, int hosts, int drawn)
    {
        var host = UdpEndpoint.Parse($"{first}:1").AddressLow;
        var endpoints = Enumerable.Range(0, 64 * 20).Select(i => UdpEndpoint.FromIPv4((uint)(host + (ulong)(i % hosts)), (ushort)(1 + (i / hosts)))).ToList();
        endpoints.ForEach(endpoint => Verified.Add(endpoint));
        for (var generation = 0; generation < 3; generation++)
        {
            var now = _clock.GetUtcNow();
            Assert.Equal(drawn, endpoints.Count(endpoint => Verified.TryGet(endpoint, out var verified) && verified.TrySend(20_000, now)));
            Assert.DoesNotContain(endpoints, endpoint => Verified.TryGet(endpoint, out var verified) && verified.TrySend(20_000, now));

            // Proved again, in reverse and in the next generation: the shares are the same.
            _clock.Advance(VerifiedEndpoints.Generation);
            endpoints.Reverse();
            endpoints.ForEach(endpoint => Verified.Add(endpoint));
        }
    }

    [Fact]
    public void What_an_endpoint_has_drawn_stays_counted_when_it_proves_itself_again()
    {
        var endpoint = UdpEndpoint.Parse("11.0.0.1:1");
        Verified.Add(endpoint);
        _clock.Advance(VerifiedEndpoints.Generation);
        Assert.True(Verified.TryGet(endpoint, out var before));
        Assert.True(before.TrySend(20_000, _clock.GetUtcNow()));

        Verified.Add(endpoint);

        Assert.True(Verified.TryGet(endpoint, out var after));
        Assert.False(after.TrySend(1, _clock.GetUtcNow()));
    }
}

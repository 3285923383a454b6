using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Tests.Values;

public sealed class ChangeLimiterTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Theory]
    [InlineData("203.0.113.7:1", 5)]
    [InlineData("[2001:db8::7]:1", 5)]
    [InlineData("10.0.0.7:1", 1000)]
    [InlineData("127.0.0.1:1", 1000)]
    public void Private_sources_have_no_limit(string source, int expected)
    {
        var limiter = new ChangeLimiter(new StoreQuota { ChangesPerSource = 5 });
        Assert.Equal(expected, Change(limiter, Network(source), 1000));
    }

    [Fact]
    public void Changed_limits_hold_for_known_sources_at_once()
    {
        var limiter = new ChangeLimiter(StoreQuota.Unlimited);
        var source = Network("203.0.113.7:1");
        Assert.Equal(1000, Change(limiter, source, 1000));

        limiter.Use(new StoreQuota { ChangesPerSource = 5 });
        Assert.Equal(5, Change(limiter, source, 1000));
        limiter.Use(StoreQuota.Unlimited);
        Assert.Equal(1000, Change(limiter, source, 1000));
    }

    [Fact]
    public void The_sources_of_a_subnet_have_one_limit_together()
    {
        var limiter = new ChangeLimiter(new StoreQuota { ChangesPerSource = 5, ChangesPerSubnet = 12 });
        Assert.Equal([5, 5, 2, 0], Enumerable.Range(1, 4).Select(i => Change(limiter, Network($"203.0.113.{i}:1"), 100)));
        Assert.Equal(5, Change(limiter, Network("203.0.114.1:1"), 100));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Who_changes_most_is_known_however_many_others_change_something(int seed)
    {
        var random = new Random(seed);
        var limiter = new ChangeLimiter(StoreQuota.Unlimited);
        var exact = new Dictionary<SourceNetwork, long>();
        for (var i = 0; i < 50_000; i++)
        {
            // Five sources make a tenth of the changes; the others come once or twice.
            var source = random.Next(10) == 0
                ? Network($"198.51.100.{random.Next(5)}:1")
                : SourceNetwork.Of(UdpEndpoint.FromIPv4((uint)random.Next(int.MaxValue), 1));
            limiter.Count(source, Now);
            exact[source] = exact.GetValueOrDefault(source) + 1;
        }

        var top = limiter.Top(5);
        Assert.Equal(exact.OrderByDescending(entry => entry.Value).Take(5).Select(entry => entry.Key).ToHashSet(), top.Select(entry => entry.Source).ToHashSet());
        Assert.All(top, entry => Assert.InRange(entry.Changed, exact[entry.Source], exact[entry.Source] + (50_000 / 256)));
    }

    private static int Change(ChangeLimiter limiter, SourceNetwork source, int attempts)
    {
        var changed = 0;
        for (var i = 0; i < attempts && limiter.Allows(source, Now); i++)
        {
            limiter.Count(source, Now);
            changed++;
        }

        return changed;
    }

    private static SourceNetwork Network(string endpoint) => SourceNetwork.Of(UdpEndpoint.Parse(endpoint));
}

namespace KadOrleans.Tests.Core;

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
    public void A_clock_that_is_set_back_refuses_nobody_for_longer_than_the_hour()
    {
        var limiter = new ChangeLimiter(new StoreQuota { ChangesPerSource = 5, ChangesPerSubnet = 5 });
        var (source, neighbour) = (Network("203.0.113.7:1"), Network("203.0.113.8:1"));
        Assert.Equal(5, Change(limiter, source, 1000));
        var before = Now - TimeSpan.FromDays(7);
        Assert.False(limiter.Allows(source, before) || limiter.Allows(neighbour, before));
        Assert.True(limiter.Allows(source, before + TimeSpan.FromHours(1)) && limiter.Allows(neighbour, before + TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Times_that_come_in_another_order_bring_no_tokens_twice()
    {
        var limiter = new ChangeLimiter(new StoreQuota { ChangesPerSource = 60 });
        var source = Network("203.0.113.7:1");
        Assert.Equal(60, Change(limiter, source, 1000));
        var allowed = 0;
        for (var i = 0; i < 1000; i++)
        {
            // 59 s bring less than one.
            var now = Now + TimeSpan.FromSeconds(i % 2 * 59);
            if (limiter.Allows(source, now))
            {
                limiter.Count(source, now);
                allowed++;
            }
        }

        Assert.Equal(0, allowed);
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

public class FormerSourcesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SourceNetwork Owner = SourceNetwork.Of(UdpEndpoint.Parse("203.0.113.5:1"));
    private static readonly SourceNetwork Thief = SourceNetwork.Of(UdpEndpoint.Parse("198.51.100.1:1"));

    private readonly FormerSources _former = new(new StoreQuota { TotalKeys = 48_000 });

    [Fact]
    public void The_first_of_several_that_a_key_was_taken_from_may_return_once_within_a_day()
    {
        var key = NodeId.FromKey("key");
        _former.Remember(key, Of(Owner), Now);
        _former.Remember(key, Of(Thief), Now.AddHours(1));

        Assert.True(_former.Has(key, Owner, Now.AddHours(23)));
        Assert.False(_former.Has(key, Thief, Now.AddHours(23)));
        Assert.False(_former.Has(key, Owner, Now.AddHours(24)));
        _former.Remember(key, Of(Thief), Now.AddHours(24));
        Assert.True(_former.Has(key, Thief, Now.AddHours(25)));
        _former.Forget(key);
        Assert.False(_former.Has(key, Thief, Now.AddHours(25)));
    }

    [Fact]
    public void No_more_are_remembered_than_one_for_sixteen_keys_and_the_oldest_go_first()
    {
        for (var i = 0; i < 10_000; i++)
        {
            // The one that returned leaves no room behind that would count twice.
            _former.Remember(NodeId.FromKey($"{i}"), Of(Owner), Now.AddSeconds(i));
            _former.Remember(NodeId.FromKey("again"), Of(Owner), Now.AddSeconds(i));
            _former.Forget(NodeId.FromKey("again"));
            Assert.InRange(_former.Count, 0, 3_000);
        }

        Assert.True(_former.Has(NodeId.FromKey("9999"), Owner, Now.AddSeconds(10_000)));
        Assert.False(_former.Has(NodeId.FromKey("0"), Owner, Now.AddSeconds(10_000)));
    }

    [Fact]
    public void Who_pays_for_no_change_is_remembered_for_what_it_stored_without_a_token()
    {
        foreach (var source in new[] { SourceNetwork.Trusted, SourceNetwork.Of(UdpEndpoint.Parse("192.168.0.1:1")) })
        {
            var key = NodeId.FromKey(source.ToText());
            _former.Remember(key, Of(source.WithProof(true)) with { IsAuthored = true }, Now);
            Assert.Equal(0, _former.Count);

            _former.Remember(key, Of(source), Now);
            Assert.True(_former.Has(key, source, Now));
            _former.Forget(key);
        }
    }

    /// <summary>Of what was stored with a token no value counts: its source shows one again.</summary>
    [Fact]
    public void The_value_that_was_taken_is_known_again_and_no_other_one()
    {
        foreach (var (i, value) in StoredValues.EdgeCases.Index())
        {
            var (plain, authored) = (NodeId.FromKey($"plain {i}"), NodeId.FromKey($"authored {i}"));
            _former.Remember(plain, Of(Owner) with { Value = value }, Now);
            _former.Remember(authored, Of(Owner) with { Value = value, IsAuthored = true }, Now);

            Assert.All(StoredValues.EdgeCases, other => Assert.Equal(other == value, _former.HasPlain(plain, other)));
            Assert.False(_former.HasPlain(authored, value));
            Assert.True(_former.Has(authored, Owner, Now));
        }
    }

    private static StoredValue Of(SourceNetwork source) => new(DhtValue.FromString("value"), Now, Now.AddDays(1), source);
}

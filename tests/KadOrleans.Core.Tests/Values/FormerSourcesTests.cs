using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Tests.Values;

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
        _former.Remember(key, Owner, Now);
        _former.Remember(key, Thief, Now.AddHours(1));

        Assert.True(_former.Has(key, Owner, Now.AddHours(23)));
        Assert.False(_former.Has(key, Thief, Now.AddHours(23)));
        Assert.False(_former.Has(key, Owner, Now.AddHours(24)));
        _former.Remember(key, Thief, Now.AddHours(24));
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
            _former.Remember(NodeId.FromKey($"{i}"), Owner, Now.AddSeconds(i));
            _former.Remember(NodeId.FromKey("again"), Owner, Now.AddSeconds(i));
            _former.Forget(NodeId.FromKey("again"));
            Assert.InRange(_former.Count, 0, 3_000);
        }

        Assert.True(_former.Has(NodeId.FromKey("9999"), Owner, Now.AddSeconds(10_000)));
        Assert.False(_former.Has(NodeId.FromKey("0"), Owner, Now.AddSeconds(10_000)));
    }

    [Fact]
    public void Who_pays_for_no_change_is_not_remembered()
    {
        var key = NodeId.FromKey("key");
        _former.Remember(key, SourceNetwork.Trusted, Now);
        _former.Remember(key, SourceNetwork.Of(UdpEndpoint.Parse("192.168.0.1:1")), Now);

        Assert.Equal(0, _former.Count);
    }
}

namespace KadOrleans.Tests.Node;

/// <summary>Whether a node knows anybody who answers.</summary>
public sealed class ReachabilityTests
{
    private readonly ManualTimeProvider _clock = new();

    private LocalRoutingTable Table => field ??= new(NodeId.FromKey("own"), new KademliaOptions(), new SubnetDiversity(), _clock);

    private Reachability Own => field ??= new(Table, _clock);

    [Fact]
    public void A_contact_and_an_answer_are_needed_and_silence_counts_only_after_failures_and_a_minute()
    {
        Own.Answered();
        Assert.False(Own.IsGood);
        var another = new Reachability(Table, _clock);
        Meet();
        Assert.False(another.IsGood);
        Own.Answered();
        Assert.True(Own.IsGood);
        Fail(Reachability.Failures);
        Assert.True(Own.IsGood);

        _clock.Advance(Reachability.ResponseWindow);
        Assert.False(Own.IsGood);

        Own.Answered();
        Assert.True(Own.IsGood);
    }

    [Fact]
    public void A_node_that_asks_nobody_stays_as_it_was()
    {
        Meet();
        Own.Answered();
        Fail(Reachability.Failures - 1);

        _clock.Advance(TimeSpan.FromDays(1));
        Assert.True(Own.IsGood);
    }

    [Fact]
    public void One_contact_that_is_gone_says_nothing_of_those_that_were_not_asked_since()
    {
        Meet();
        Meet("gone");
        Own.Answered();
        Fail(10, "gone");
        _clock.Advance(Reachability.ResponseWindow);
        Assert.True(Own.IsGood);

        Fail(1);
        Assert.False(Own.IsGood);
    }

    [Fact]
    public void Of_a_largeTable_some_silent_contacts_are_enough()
    {
        for (var i = 0; i < 2 * Reachability.UnresponsiveContacts; i++)
        {
            Meet($"{i}");
        }

        Own.Answered();
        _clock.Advance(Reachability.ResponseWindow);
        for (var i = 0; i < Reachability.UnresponsiveContacts; i++)
        {
            Assert.True(Own.IsGood);
            Fail(1, $"{i}");
        }

        Assert.False(Own.IsGood);

        Own.Answered();
        _clock.Advance(Reachability.ResponseWindow);
        Fail(Reachability.Failures, "0");
        Assert.True(Own.IsGood);
    }

    private void Meet(string name = "other") => Table.Observe(
        ContactObservation.Answered(new Contact(NodeId.FromKey(name), UdpEndpoint.Parse($"192.0.{Table.Snapshot.Count}.1:8468"))));

    private void Fail(int times, string name = "other")
    {
        for (var i = 0; i < times; i++)
        {
            Own.Failed(NodeId.FromKey(name));
        }
    }
}

namespace KadOrleans.Tests.Node;

/// <summary>Whether a node knows anybody who answers.</summary>
public sealed class ReachabilityTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly LocalRoutingTable _table;
    private readonly Reachability _reachability;

    public ReachabilityTests()
    {
        _table = new LocalRoutingTable(NodeId.FromKey("own"), new KademliaOptions(), new SubnetDiversity(), _clock);
        _reachability = new Reachability(_table, _clock);
    }

    [Fact]
    public void A_contact_and_an_answer_are_needed_and_silence_counts_only_after_failures_and_a_minute()
    {
        _reachability.Answered();
        Assert.False(_reachability.IsGood);
        var another = new Reachability(_table, _clock);
        Meet();
        Assert.False(another.IsGood);
        _reachability.Answered();
        Assert.True(_reachability.IsGood);
        Fail(Reachability.Failures);
        Assert.True(_reachability.IsGood);

        _clock.Advance(Reachability.ResponseWindow);
        Assert.False(_reachability.IsGood);

        _reachability.Answered();
        Assert.True(_reachability.IsGood);
    }

    [Fact]
    public void A_node_that_asks_nobody_stays_as_it_was()
    {
        Meet();
        _reachability.Answered();
        Fail(Reachability.Failures - 1);

        _clock.Advance(TimeSpan.FromDays(1));
        Assert.True(_reachability.IsGood);
    }

    [Fact]
    public void One_contact_that_is_gone_says_nothing_of_those_that_were_not_asked_since()
    {
        Meet();
        Meet("gone");
        _reachability.Answered();
        Fail(10, "gone");
        _clock.Advance(Reachability.ResponseWindow);
        Assert.True(_reachability.IsGood);

        Fail(1);
        Assert.False(_reachability.IsGood);
    }

    [Fact]
    public void Of_a_large_table_some_silent_contacts_are_enough()
    {
        for (var i = 0; i < 2 * Reachability.UnresponsiveContacts; i++)
        {
            Meet($"{i}");
        }

        _reachability.Answered();
        _clock.Advance(Reachability.ResponseWindow);
        for (var i = 0; i < Reachability.UnresponsiveContacts; i++)
        {
            Assert.True(_reachability.IsGood);
            Fail(1, $"{i}");
        }

        Assert.False(_reachability.IsGood);

        _reachability.Answered();
        _clock.Advance(Reachability.ResponseWindow);
        Fail(Reachability.Failures, "0");
        Assert.True(_reachability.IsGood);
    }

    private void Meet(string name = "other") => _table.Observe(
        ContactObservation.Answered(new Contact(NodeId.FromKey(name), UdpEndpoint.Parse($"192.0.{_table.Snapshot.Count}.1:8468"))));

    private void Fail(int times, string name = "other")
    {
        for (var i = 0; i < times; i++)
        {
            _reachability.Failed(NodeId.FromKey(name));
        }
    }
}

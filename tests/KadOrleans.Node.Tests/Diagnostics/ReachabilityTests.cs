using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Local;
using KadOrleans.Simulation;

namespace KadOrleans.Node.Tests.Diagnostics;

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
    public void An_answer_without_a_contact_is_not_enough()
    {
        _reachability.Answered();

        Assert.False(_reachability.IsGood);
    }

    [Fact]
    public void A_contact_of_the_run_before_counts_once_somebody_answered()
    {
        Meet();
        Assert.False(_reachability.IsGood);

        _reachability.Answered();
        Assert.True(_reachability.IsGood);
    }

    [Fact]
    public void Silence_counts_only_after_failures_and_a_minute()
    {
        Meet();
        _reachability.Answered();
        Fail(Reachability.Failures);
        Assert.True(_reachability.IsGood);

        _clock.Advance(Reachability.Patience);
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

    private void Meet() => _table.Observe(
        ContactObservation.Answered(new Contact(NodeId.FromKey("other"), UdpEndpoint.Parse("192.0.2.1:8468"))));

    private void Fail(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _reachability.Failed();
        }
    }
}

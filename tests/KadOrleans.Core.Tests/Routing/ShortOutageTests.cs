using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Tests.Routing;

public sealed class ShortOutageTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly Contact Contact = new(NodeId.FromKey("contact"), UdpEndpoint.FromIPv4(0x0B000001, 1));
    private readonly RoutingTable _table = new(NodeId.FromKey("own"), new KademliaOptions(), new SubnetDiversity(), Start);

    public ShortOutageTests() => _table.Apply(ContactObservation.Answered(Contact), Start);

    [Fact]
    public void Requests_that_fail_together_count_as_one_failure()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(TableOutcome.Failed, Fail(TimeSpan.FromMilliseconds(500 + i)));
        }

        Assert.True(_table.Contains(Contact));
    }

    [Fact]
    public void A_contact_that_fails_again_later_is_dropped()
    {
        Fail(TimeSpan.FromSeconds(1));

        Assert.Equal(TableOutcome.Dropped, Fail(TimeSpan.FromSeconds(6)));
        Assert.False(_table.Contains(Contact));
    }

    [Fact]
    public void An_answer_in_between_starts_the_count_anew()
    {
        Fail(TimeSpan.FromSeconds(1));
        _table.Apply(ContactObservation.Answered(Contact), Start + TimeSpan.FromSeconds(2));

        Assert.Equal(TableOutcome.Failed, Fail(TimeSpan.FromSeconds(9)));
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_keep_a_silent_contact_for_as_long()
    {
        Fail(TimeSpan.FromHours(2));

        Assert.Equal(TableOutcome.Dropped, Fail(TimeSpan.FromSeconds(6)));
    }

    private TableOutcome Fail(TimeSpan after) => _table.Apply(ContactObservation.Failed(Contact), Start + after).Outcome;
}

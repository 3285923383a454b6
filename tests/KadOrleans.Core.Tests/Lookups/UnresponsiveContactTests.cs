using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Tests.Lookups;

public sealed class UnresponsiveContactTests
{
    private static readonly NodeId Key = NodeId.FromKey("key");
    private static readonly Contact Near = new(Key.WithBit(159, !Key.GetBit(159)), UdpEndpoint.FromIPv4(0x0B000001, 1));
    private static readonly Contact Far = new(Key.WithBit(0, !Key.GetBit(0)), UdpEndpoint.FromIPv4(0x0B000101, 1));

    [Fact]
    public void A_value_lookup_finds_the_value_of_a_holder_that_answers_only_the_retry()
    {
        var lookup = StartWithOneUnresponsive(LookupKind.Value);

        Assert.False(lookup.IsDone);
        lookup.OnValue(Near, DhtValue.FromInteger(1));

        Assert.Equal(TerminationReason.ValueFound, lookup.Reason);
        Assert.Equal(DhtValue.FromInteger(1), lookup.GetOutcome().Value);
    }

    [Fact]
    public void A_value_lookup_ends_without_a_value_once_the_unresponsive_have_failed()
    {
        var lookup = StartWithOneUnresponsive(LookupKind.Value);

        lookup.OnFailed(Near);

        Assert.Equal(TerminationReason.Converged, lookup.Reason);
        Assert.Null(lookup.GetOutcome().Value);
    }

    [Fact]
    public void A_node_lookup_does_not_wait_for_the_unresponsive() =>
        Assert.Equal(TerminationReason.Converged, StartWithOneUnresponsive(LookupKind.Node).Reason);

    /// <summary>A lookup in which the far contact has answered with nothing and the near one is unresponsive.</summary>
    private static Lookup StartWithOneUnresponsive(LookupKind kind)
    {
        var lookup = new Lookup(NodeId.FromKey("own"), Key, kind, [Near, Far], new KademliaOptions());
        while (lookup.TryNext(out _))
        {
            // Both are asked at once.
        }

        lookup.OnNodes(Far, []);
        lookup.OnUnresponsive(Near);
        return lookup;
    }
}

using FsCheck;
using FsCheck.Fluent;
using KadOrleans.EdgeWorker.Values;
using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Simulation;

namespace KadOrleans.EdgeWorker.Tests.Values;

public sealed class HandOffScopeTests
{
    private const int BucketSize = 4;

    [Fact]
    public void No_key_that_is_to_be_handed_over_lies_outside_the_scope()
    {
        Prop.ForAll(
            ArbMap.Default.ArbFor<int>(),
            Gen.Choose(0, 40).ToArbitrary(),
            Gen.Choose(0, 8).ToArbitrary(),
            (seed, contacts, shardBits) => IsSafe(new SeededRandomSource(seed), contacts, shardBits)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_range_with_two_contacts_nearer_to_all_of_it_is_left_out_and_with_one_it_is_not()
    {
        var own = NodeId.MinValue;
        var range = new BucketRange(NodeId.MaxValue, 4);
        var one = new Contact(NodeId.MaxValue, UdpEndpoint.Parse("8.0.0.1:1"));
        var two = new Contact(NodeId.Parse("8" + new string('0', 39)), UdpEndpoint.Parse("8.0.0.2:1"));

        Assert.True(HandOffScope.Covers(new RoutingTableSnapshot(own, 1, [one]), range));
        Assert.False(HandOffScope.Covers(new RoutingTableSnapshot(own, 1, [one, two]), range));
        Assert.True(HandOffScope.Covers(new RoutingTableSnapshot(own, 1, [one, two]), new BucketRange(own, 4)));
    }

    private static bool IsSafe(SeededRandomSource random, int contacts, int shardBits)
    {
        var own = NodeId.Random(random);
        var known = Enumerable.Range(0, contacts + 1)
            .Select(i => new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0800_0001 + (uint)i, 1))).ToList();
        var newcomer = known[0];
        var snapshot = new RoutingTableSnapshot(own, 1, known);
        return Enumerable.Range(0, 20).All(_ =>
        {
            var key = NodeId.Random(random);
            var nearest = known.Skip(1).OrderBy(contact => contact.Id.DistanceTo(key)).Take(BucketSize).ToArray();
            return !HandOffRule.Applies(key, own, newcomer.Id, nearest, BucketSize)
                || HandOffScope.Covers(snapshot, new BucketRange(key, shardBits));
        });
    }
}

using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Values;
using KadOrleans.Simulation;

namespace KadOrleans.Node.Tests.Values;

/// <summary>The copies that gets leave behind are not told of the key's next value.</summary>
public sealed class LeftCopyTests
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    [Fact]
    public void A_copy_lives_no_longer_than_what_it_was_made_of()
    {
        Assert.Equal(TimeSpan.FromSeconds(9), RemainingLife.OfCopy(TimeSpan.FromSeconds(9), belongs: true));
        Assert.Equal(TimeSpan.FromSeconds(9), RemainingLife.OfCopy(TimeSpan.FromSeconds(9), belongs: false));
        Assert.Equal(RemainingLife.WhenUnstated, RemainingLife.OfCopy(null, belongs: true));
    }

    [Fact]
    public void Beyond_the_k_nearest_it_lives_for_minutes_and_among_them_until_the_holders_have_confirmed_it()
    {
        Assert.Equal(RemainingLife.OfCache, RemainingLife.OfCopy(Week, belongs: false));
        Assert.Equal(RemainingLife.OfCache, RemainingLife.OfCopy(null, belongs: false));
        Assert.Equal(RemainingLife.OfHolder, RemainingLife.OfCopy(Week, belongs: true));
    }

    [Fact]
    public void Once_the_copies_are_gone_everybody_gets_the_new_value_of_a_key_that_was_asked_for_much()
    {
        var world = new SimulatedWorld(seed: 77);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(60, SmallBuckets);
            await world.PickNode().Node.SetAsync("key", DhtValue.FromInteger(1));
            foreach (var node in world.Nodes)
            {
                await node.Node.GetAsync("key");
            }

            await world.PickNode().Node.SetAsync("key", DhtValue.FromInteger(2));
            await world.PassAsync(RemainingLife.OfHolder);

            foreach (var node in world.Nodes)
            {
                Assert.Equal(DhtValue.FromInteger(2), (await node.Node.GetAsync("key")).Value);
            }
        });
    }

    private static void SmallBuckets(KadNodeOptions options)
    {
        Without.Walks(options);
        options.Kademlia = new KademliaOptions { BucketSize = 5 };
    }
}

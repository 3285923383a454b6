namespace KadOrleans.Tests.Node;

/// <summary>Real nodes under loss, delay, churn and liars, by seed and on virtual time.</summary>
public sealed class SimulatedNetworkTests
{
    [Theory]
    [InlineData(11, 200, 40)]
    [InlineData(12, 600, 60, Traits = ["Tier", "Long"])]
    public void Values_survive_loss_churn_and_liars(int seed, int nodes, int keys) => SimulatedWorld.Run(seed, async world =>
    {
        await world.StartNetworkAsync(nodes, Without.Walks);
        world.Network.Conditions = new NetworkConditions
        {
            Loss = 0.05,
            Duplication = 0.02,
            MinDelay = TimeSpan.FromMilliseconds(5),
            MaxDelay = TimeSpan.FromMilliseconds(250),
        };
        for (var i = 0; i < keys; i++)
        {
            var set = await world.PickNode().Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
            Assert.InRange(set.Stored, 10, 20);
        }

        for (var i = 0; i < nodes / 5; i++)
        {
            await world.PickNode().KillAsync();
        }

        await world.StartNetworkAsync(nodes / 5, Without.Walks);
        foreach (var liar in world.AddLiars(nodes / 20, "nearer for ever").SelectMany(liar => Enumerable.Repeat(liar, 20)))
        {
            liar.Ping(world.PickNode().Transport.Endpoint, MessageId.Random(world.Random));
        }

        var found = 0;
        for (var i = 0; i < keys; i++)
        {
            var get = await world.PickNode().Node.GetAsync($"key {i}");
            found += get.Value == DhtValue.FromInteger(i) ? 1 : 0;
        }

        Assert.Equal(keys, found);
    });

    [Fact]
    public void A_lookup_of_a_nodes_id_finds_it_though_answers_leave_their_target_out() => SimulatedWorld.Run(21, async world =>
    {
        await world.StartNetworkAsync(120, Without.Walks);
        for (var i = 0; i < 60; i++)
        {
            var asker = world.PickNode();
            var strangers = world.Nodes.Where(n => n != asker && !asker.Node.RoutingTable.TryGet(n.Id, out _)).ToList();
            var target = strangers[world.Random.Next(strangers.Count)].Contact;

            var outcome = await asker.Node.FindNodeAsync(target.Id);

            Assert.Equal(target, outcome.Closest[0]);
            Assert.Equal(new KademliaOptions().BucketSize, outcome.Closest.Count);
        }
    });
}

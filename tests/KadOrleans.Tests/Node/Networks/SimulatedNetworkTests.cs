namespace KadOrleans.Tests.Node;

public sealed class SimulatedNetworkTests
{
    [Fact]
    public void Nodes_find_each_others_values_and_exact_neighbours() => SetGetAndFind(nodes: 250, lookups: 100);

    [Fact]
    [Trait("Tier", "Long")]
    public void A_thousand_nodes_find_each_others_values_and_exact_neighbours() => SetGetAndFind(nodes: 1_000, lookups: 200);

    [Fact]
    public void A_lookup_of_a_nodes_own_id_finds_that_node_though_answers_leave_their_target_out()
    {
        var world = new SimulatedWorld(seed: 21);
        world.Run(async () =>
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

    private static void SetGetAndFind(int nodes, int lookups)
    {
        var world = new SimulatedWorld(seed: 1000);
        world.Run(async () =>
        {
            // The lookups are what is tried here: walks would only take ten times as long.
            await world.StartNetworkAsync(nodes, Without.Walks);
            var requests = 0;
            var exact = 0;
            for (var i = 0; i < lookups; i++)
            {
                await world.PickNode().Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
                var get = await world.PickNode().Node.GetAsync($"key {i}");
                Assert.Equal(DhtValue.FromInteger(i), get.Value);

                var target = NodeId.Random(world.Random);
                var asker = world.PickNode();
                var outcome = await asker.Node.FindNodeAsync(target);
                var truth = world.Nodes.Where(n => n != asker).Select(n => n.Contact)
                    .OrderBy(c => c.Id.DistanceTo(target)).Take(20);
                Assert.Equal(TerminationReason.Converged, outcome.Reason);
                exact += outcome.Closest.SequenceEqual(truth) ? 1 : 0;
                requests += outcome.Asked;
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"exact {exact}/{lookups}, {requests / (double)lookups} requests, {world.Clock.Elapsed}, {world.Network.Sent} datagrams");
            Assert.InRange(exact, lookups * 95 / 100, lookups);
        });
    }
}

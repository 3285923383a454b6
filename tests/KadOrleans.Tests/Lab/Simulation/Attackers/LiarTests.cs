namespace KadOrleans.Tests.Lab;

public sealed class LiarTests
{
    [Fact]
    public void A_lookup_through_a_liar_ends_and_its_inventions_do_not_enter_the_table()
    {
        var world = new SimulatedWorld(seed: 3);
        world.Run(async () =>
        {
            var node = await world.StartNodeAsync();
            var liar = new Contact(NodeId.Random(world.Random), world.Network.Bind().Endpoint);
            var transport = world.Network.Bind();
            var lying = new Contact(NodeId.Random(world.Random), transport.Endpoint);
            _ = new Liar(lying.Id, transport, world.Random, [node.Contact, liar], [lying]);
            await node.Node.BootstrapAsync([transport.Endpoint.ToString()]);

            // One for each lie.
            for (var i = 0; i < 2 * Enum.GetValues<Lie>().Length; i++)
            {
                var outcome = await node.Node.FindNodeAsync(NodeId.Random(world.Random));
                Assert.InRange(outcome.Asked, 1, Lookup.MaxRequests);
            }

            Assert.Equal([lying], node.Node.RoutingTable.Contacts);
        });
    }
}

namespace KadOrleans.Tests.Node;

public sealed class QuietWeekTests
{
    private const int Nodes = 24;
    private const int BucketSize = 8;

    [Fact]
    public void A_node_left_alone_for_two_days_keeps_a_full_and_correct_table_while_others_come_and_go() => Run(seed: 74, days: 2);

    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(74)]
    [InlineData(75)]
    public void A_node_left_alone_for_a_week_keeps_a_full_and_correct_table_while_others_come_and_go(int seed) => Run(seed, days: 7);

    private static void Run(int seed, int days)
    {
        var world = new SimulatedWorld(seed);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(Nodes, Others);
            var node = (await world.StartNodeAsync(Alone)).Node;
            await node.BootstrapAsync([$"{world.Nodes[0].Transport.Endpoint}"]);
            var faults = new List<string>();
            for (var day = 1; day <= days; day++)
            {
                for (var change = 0; change < 4; change++)
                {
                    await world.PassAsync(TimeSpan.FromHours(4));
                    await ReplaceOneAsync(world, node);
                }

                await world.PassAsync(TimeSpan.FromHours(8));
                faults.AddRange((await TableTruth.FindFaultsAsync(node, world.Nodes, BucketSize)).Select(f => $"day {day}: {f}"));
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"{world.Network.Sent} datagrams in {world.Clock.Elapsed}");
            Assert.Empty(faults);
        });
    }

    private static async Task ReplaceOneAsync(SimulatedWorld world, KadNode alone)
    {
        var others = world.Nodes.Where(n => n.Id != alone.Id).ToList();
        await others[world.Random.Next(others.Count)].KillAsync();
        await world.StartNetworkAsync(1, Others);
    }

    private static void Alone(KadNodeOptions options) => options.Kademlia = new KademliaOptions { BucketSize = BucketSize };

    private static void Others(KadNodeOptions options)
    {
        Alone(options);
        Without.Walks(options);
        options.StateChangeSaveDelay = TimeSpan.FromHours(1);
        options.StateSaveInterval = TimeSpan.FromHours(1);
    }
}

namespace KadOrleans.Tests.Node;

public sealed class QuietWeekTests
{
    private const int Nodes = 24;
    private const int BucketSize = 8;

    [Theory]
    [InlineData(74, 2)]
    [InlineData(74, 7, Traits = ["Tier", "Long"])]
    [InlineData(75, 7, Traits = ["Tier", "Long"])]
    public void A_node_left_alone_keeps_a_good_table_under_churn(int seed, int days) => SimulatedWorld.Run(seed, async world =>
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

        Assert.Empty(faults);
    });

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

namespace KadOrleans.Tests.Node;

/// <summary>Networks that are cut in two for a while grow together again, with their values.</summary>
public sealed class CutNetworkTests
{
    // Datagrams may take longer than a lookup waits for a contact, in each run another one: of 200 lookups two.
    private const double Noise = 0.01;

    // Walks as short as this notice within 80 s that contacts are away.
    private static readonly RandomWalkOptions ShortWalks = new() { Interval = TimeSpan.FromSeconds(10) };

    // What lookups are without a cut, by the number of nodes.
    private static readonly ConcurrentDictionary<(int Nodes, bool WalksOften), Lazy<CutReport>> Whole = new();

    [Theory]
    [InlineData(4, 2, 1.34, true, false)]
    [InlineData(4, 2, 1.34, true, true)]
    [InlineData(4, 2, 30, false, false)]
    [InlineData(4, 2, 30, false, true)]
    [InlineData(4, 1, 30, false, false)]
    [InlineData(4, 1, 30, false, true)]
    [InlineData(50, 25, 60, false, false)]
    [InlineData(50, 1, 30, false, false)]
    [InlineData(50, 25, 2, false, false, Traits = ["Tier", "Long"])]
    [InlineData(50, 25, 2, false, true, Traits = ["Tier", "Long"])]
    [InlineData(50, 25, 60, false, true, Traits = ["Tier", "Long"])]
    [InlineData(50, 1, 60, false, true, Traits = ["Tier", "Long"])]
    [InlineData(50, 5, 30, false, false, Traits = ["Tier", "Long"])]
    [InlineData(50, 15, 60, false, true, Traits = ["Tier", "Long"])]
    public void Five_minutes_after_a_cut_lookups_and_values_are_as_without_it(int nodes, int cutOff, double minutes, bool walksOften, bool hasBootstrap)
    {
        var settings = new CutSettings
        {
            Nodes = nodes,
            CutOff = cutOff,
            Length = TimeSpan.FromMinutes(minutes),
            Seed = 5,
            RandomWalk = walksOften ? ShortWalks : new RandomWalkOptions(),
            HasBootstrap = hasBootstrap,
        };
        var whole = Whole.GetOrAdd((nodes, walksOften), _ => new(() =>
            new CutSimulation(settings with { CutOff = 0, Length = TimeSpan.FromMinutes(30), HasBootstrap = false }).Run())).Value;
        var cut = new CutSimulation(settings).Run();
        Assert.True(cut.Last.Success >= whole.Last.Success - Noise, $"Nearest found: {cut.Last.Success}, {whole.Last.Success} without the cut.");
        Assert.True(cut.Last.Exact >= whole.Last.Exact - (2 * Noise), $"Exact: {cut.Last.Exact}, {whole.Last.Exact} without the cut.");
        Assert.Equal(1, cut.Found);

        // Of a key that both parts set, one of the two values is found: soon the one set later, if contacts were lost at all.
        Assert.Equal(1, cut.Later + cut.Earlier, 6);
        // A node that was alone holds its own copies until they are republished.
        Assert.InRange(cut.Later, minutes < 10 || cutOff == 1 ? 0.5 : 0.8, 1);
    }

    [Theory]
    [InlineData(2, 21)]
    [InlineData(10, 22)]
    public void Of_a_key_that_both_parts_set_the_value_set_later_stands_everywhere_once_values_were_republished(double minutes, int seed)
    {
        var cut = new CutSimulation(new CutSettings
        {
            Nodes = 40,
            CutOff = 20,
            Length = TimeSpan.FromMinutes(minutes),
            After = TimeSpan.FromMinutes(80),
            Lookups = 4,
            Seed = seed,
        }).Run();
        Assert.Equal((1, 0), (cut.Later, cut.Earlier));
    }

    [Fact]
    public void A_node_that_was_alone_and_restarted_without_bootstrap_nodes_finds_its_network() => SimulatedWorld.Run(31, async world =>
    {
        await world.StartNetworkAsync(5);
        var alone = world.Nodes[^1];
        await world.PassAsync(TimeSpan.FromMinutes(11));
        world.Network.Cut([alone.Transport.Endpoint], TimeSpan.FromHours(3));
        await world.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(0, alone.Node.RoutingTable.Count);

        await alone.StopAsync();
        await alone.StartAsync();
        await world.PassAsync(TimeSpan.FromMinutes(59));
        Assert.Equal((0, true), (alone.Node.RoutingTable.Count, alone.Node.Engine.HasHadContacts));

        await world.PassAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(4, alone.Node.RoutingTable.Count);
        Assert.All(world.Nodes, node => Assert.Equal(4, node.Node.RoutingTable.Count));
    });

    [Fact]
    public void Nodes_restarted_during_a_cut_find_the_other_part_when_it_is_over() => SimulatedWorld.Run(32, async world =>
    {
        await world.StartNetworkAsync(6);
        var part = world.Nodes.Take(3).ToList();
        await world.PassAsync(TimeSpan.FromMinutes(11));
        world.Network.Cut(part.Select(node => node.Transport.Endpoint), TimeSpan.FromHours(1));
        await world.PassAsync(TimeSpan.FromMinutes(50));
        Assert.All(world.Nodes, node => Assert.Equal(2, node.Node.RoutingTable.Count));
        foreach (var node in part)
        {
            await node.StopAsync();
            await node.StartAsync();
        }

        await world.PassAsync(TimeSpan.FromMinutes(13));
        Assert.All(part, node => Assert.Equal(5, node.Node.RoutingTable.Count));
    });

    [Theory]
    [InlineData(3, 6, 6)]
    [InlineData(10, 48, 25)]
    public void Contacts_that_left_for_good_are_asked_for_each_ten_minutes_after_two_hours_and_at_once_if_they_are_few(int left, int first, int second) =>
        SimulatedWorld.Run(33, async world =>
        {
            await world.StartNetworkAsync(30);
            await world.PassAsync(TimeSpan.FromMinutes(30));
            foreach (var node in world.Nodes.Take(left).ToList())
            {
                await node.KillAsync();
            }

            foreach (var most in (int[])[first, second, 7, 6])
            {
                var before = Asked();
                await world.PassAsync(TimeSpan.FromHours(1));
                Assert.InRange((Asked() - before) / world.Nodes.Count, 3, most);
            }

            Assert.All(world.Nodes, node => Assert.Equal(0, node.Node.Engine.Metrics[NodeMetrics.Merges]));

            double Asked() => world.Nodes.Sum(node => node.Node.Engine.Metrics[NodeMetrics.FormerAsked]);
        });
}

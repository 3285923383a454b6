namespace KadOrleans.Tests.Node;

/// <summary>Networks that are cut in two for a while grow together again, with their values.</summary>
public sealed class CutNetworkTests
{
    // Datagrams are lost in both runs, in each others: of 200 lookups two.
    private const double Noise = 0.01;

    // Walks as short as this notice within 80 s that contacts are away.
    private static readonly RandomWalkOptions ShortWalks = new() { Interval = TimeSpan.FromSeconds(10) };

    [Theory]
    [InlineData(4, 2, 1.34, true, 5)]
    [InlineData(4, 2, 30, false, 6)]
    [InlineData(4, 1, 30, false, 7)]
    [InlineData(100, 50, 2, false, 8, Traits = ["Tier", "Long"])]
    [InlineData(100, 50, 60, false, 9)]
    [InlineData(100, 1, 60, false, 10, Traits = ["Tier", "Long"])]
    [InlineData(100, 10, 30, false, 11, Traits = ["Tier", "Long"])]
    public void Five_minutes_after_a_cut_lookups_and_values_are_as_without_it(int nodes, int cutOff, double minutes, bool walksOften, int seed)
    {
        var settings = new CutSettings
        {
            Nodes = nodes,
            CutOff = cutOff,
            Length = TimeSpan.FromMinutes(minutes),
            Seed = seed,
            RandomWalk = walksOften ? ShortWalks : new RandomWalkOptions(),
        };
        var whole = new CutSimulation(settings with { CutOff = 0 }).Run();
        foreach (var hasBootstrap in (bool[])[false, true])
        {
            var cut = new CutSimulation(settings with { HasBootstrap = hasBootstrap }).Run();
            Assert.True(cut.Last.Success >= whole.Last.Success - Noise, $"Nearest found: {cut.Last.Success}, {whole.Last.Success} without the cut.");
            Assert.True(cut.Last.Exact >= whole.Last.Exact - 0.02, $"Exact: {cut.Last.Exact}, {whole.Last.Exact} without the cut.");
            Assert.Equal(1, cut.Found);

            // Of a key that both parts set, one of the two values is found: soon the one set later, if contacts were lost at all.
            Assert.Equal(1, cut.Later + cut.Earlier, 6);
            Assert.InRange(cut.Later, minutes < 10 ? 0.5 : 0.9, 1);
        }
    }

    [Theory]
    [InlineData(2, 21)]
    [InlineData(10, 22)]
    public void Of_a_key_that_both_parts_set_the_value_set_later_stands_everywhere_once_values_were_republished(double minutes, int seed)
    {
        var cut = new CutSimulation(new CutSettings
        {
            Nodes = 100,
            CutOff = 50,
            Length = TimeSpan.FromMinutes(minutes),
            After = TimeSpan.FromMinutes(80),
            Lookups = 40,
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

    [Fact]
    public void Contacts_that_left_for_good_cost_less_than_one_ping_a_minute_and_ever_fewer() => SimulatedWorld.Run(33, async world =>
    {
        await world.StartNetworkAsync(30);
        await world.PassAsync(TimeSpan.FromMinutes(30));
        foreach (var node in world.Nodes.Take(10).ToList())
        {
            await node.KillAsync();
        }

        await world.PassAsync(TimeSpan.FromHours(2));
        var before = Asked();
        await world.PassAsync(TimeSpan.FromHours(1));
        var early = Asked() - before;
        await world.PassAsync(TimeSpan.FromHours(46));
        before = Asked();
        await world.PassAsync(TimeSpan.FromHours(1));
        Assert.InRange(early / 20.0, 1, 60);
        Assert.InRange((Asked() - before) / 20.0, 1, 10);
        Assert.All(world.Nodes, node => Assert.Equal(0, node.Node.Engine.Metrics[NodeMetrics.Merges]));

        long Asked() => world.Nodes.Sum(node => node.Node.Engine.Metrics[NodeMetrics.FormerAsked]);
    });

    [Fact]
    public void A_former_contact_that_names_invented_ones_costs_ever_fewer_lookups() => SimulatedWorld.Run(34, async world =>
    {
        await world.StartNetworkAsync(30);
        var victim = world.Nodes[0];
        var (liar, isSilent) = (world.AddPeer(), false);

        // It names a contact that is nearer to the target than any real node.
        liar.OnRequest = (request, id, answer) => isSilent ? 0
            : request.Kind == RequestKind.FindNode
                ? ResponseWriter.WriteNodes(answer, id, [new Contact(request.Target.RandomWithPrefix(60, world.Random), world.Network.Bind().Endpoint)])
                : liar.AnswerPings(request, id, answer);
        for (var hour = 0; hour < 24; hour++)
        {
            // It comes, is lost for its silence, and answers when it is asked again.
            liar.Ping(victim.Transport.Endpoint, MessageId.Random(world.Random));
            await world.PassAsync(TimeSpan.FromMinutes(1));
            isSilent = true;
            victim.Node.Engine.Table.Observe(ContactObservation.Failed(liar.Contact));
            await world.PassAsync(TimeSpan.FromMinutes(1));
            victim.Node.Engine.Table.Observe(ContactObservation.Failed(liar.Contact));
            isSilent = false;
            await world.PassAsync(TimeSpan.FromMinutes(58));
        }

        Assert.InRange(victim.Node.Engine.Metrics[NodeMetrics.Merges], 1, 24);
    });

    [Fact]
    public void An_own_address_among_the_bootstrap_nodes_is_never_asked() => SimulatedWorld.Run(35, async world =>
    {
        var own = "11.0.0.1:8468";
        await world.StartNodeAsync(options => options.Bootstrap.Add(own));
        Assert.Equal(own, world.Nodes[0].Transport.Endpoint.ToString());
        await world.StartNetworkAsync(2);
        await world.PassAsync(TimeSpan.FromHours(3));
        Assert.Equal(0, world.Nodes[0].Node.Engine.Metrics[NodeMetrics.FormerAsked]);
    });

    [Fact]
    public void A_bootstrap_name_leads_to_the_network_though_every_contact_has_a_new_address() => SimulatedWorld.Run(36, async world =>
    {
        await world.StartNetworkAsync(3);
        Assert.Equal(0, world.Nodes.Sum(node => node.Node.Engine.Metrics[NodeMetrics.Merges]));
        var one = await world.StartNodeAsync(options => options.Bootstrap.Add($"{world.Nodes[0].Transport.Endpoint}"));
        await one.Node.JoinAsync();
        var other = await world.StartNodeAsync();
        await other.Node.BootstrapAsync([$"{one.Transport.Endpoint}"]);
        foreach (var node in world.Nodes.Take(3))
        {
            one.Node.Engine.Table.Observe(ContactObservation.Dropped(node.Contact));
            node.Node.Engine.Table.Observe(ContactObservation.Dropped(one.Contact));
            other.Node.Engine.Table.Observe(ContactObservation.Dropped(node.Contact));
            node.Node.Engine.Table.Observe(ContactObservation.Dropped(other.Contact));
        }

        Assert.Equal([other.Contact], one.Node.RoutingTable.Contacts);
        await world.PassAsync(TimeSpan.FromMinutes(17));
        Assert.Equal(4, one.Node.RoutingTable.Count);
    });
}

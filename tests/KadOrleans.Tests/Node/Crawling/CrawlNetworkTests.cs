namespace KadOrleans.Tests.Node;

/// <summary>Crawls of real nodes on a simulated network, held against what is there.</summary>
public sealed class CrawlNetworkTests
{
    [Theory]
    [InlineData(31, 120)]
    [InlineData(31, 300, Traits = ["Tier", "Long"])]
    [InlineData(32, 300, Traits = ["Tier", "Long"])]
    public void Every_live_node_is_found_and_every_table_is_named(int seed, int size) => SimulatedWorld.Run(seed, async world =>
    {
        await world.StartNetworkAsync(size, Without.Walks);
        await world.PassAsync(TimeSpan.FromSeconds(30));
        var dead = world.Nodes.Take(size / 10).ToDictionary(node => node.Contact.Endpoint);
        foreach (var victim in dead.Values)
        {
            await victim.KillAsync();
        }

        var tables = world.Nodes.ToDictionary(n => n.Contact.Endpoint, n => n.Node.RoutingTable.Count);
        var (run, isDone) = await CrawlAsync(world, world.PickNode().Contact.Endpoint);
        var found = run.Records.Where(r => r.IsReachable).ToDictionary(r => r.Endpoint);
        Assert.True(isDone);
        Assert.Equal(
            world.Nodes.Select(n => n.Contact).OrderBy(c => c.Id),
            found.Values.Select(r => new Contact(r.Id!.Value, r.Endpoint)).OrderBy(c => c.Id));
        Assert.All(found.Values, r => Assert.True(r.IsComplete));
        Assert.All(run.Records.Where(r => !r.IsReachable), r => Assert.Contains(r.Endpoint, dead.Keys));
        Assert.All(tables, t => Assert.Equal(t.Value, found[t.Key].Contacts));
    });

    [Theory]
    [InlineData(33, 120)]
    [InlineData(33, 300, Traits = ["Tier", "Long"])]
    [InlineData(34, 300, Traits = ["Tier", "Long"])]
    public void With_a_fifth_of_datagrams_lost_few_nodes_are_missed(int seed, int size) => SimulatedWorld.Run(seed, async world =>
    {
        await world.StartNetworkAsync(size, Without.Walks);
        world.Network.Conditions = new NetworkConditions { Loss = 0.2 };
        var (run, isDone) = await CrawlAsync(world, world.PickNode().Contact.Endpoint);

        Assert.True(isDone);
        Assert.InRange(run.Counts.Reachable, size * 99 / 100, size);
        Assert.InRange(run.Records.Count(r => r.IsComplete), size * 95 / 100, size);
    });

    [Fact]
    public void The_rate_is_kept() => SimulatedWorld.Run(35, async world =>
    {
        world.Network.Conditions = new NetworkConditions { MaxDelay = TimeSpan.FromMilliseconds(20) };
        await world.StartNetworkAsync(60, Without.Walks);
        const int Rate = 50;
        var transport = new WatchedTransport(world.Network.Bind(), () => world.Clock.Elapsed);
        var (run, _) = await CrawlAsync(
            world, world.PickNode().Contact.Endpoint, new CrawlOptions { Concurrency = 4 }, Rate, transport);

        Assert.Equal(60, run.Counts.Visited);
        Assert.Equal(run.Sent, transport.SentAt.Count);
        for (var i = Rate + 4; i < transport.SentAt.Count; i++)
        {
            // In any second: the rate, and what one late timer may add.
            Assert.True(transport.SentAt[i] - transport.SentAt[i - Rate - 4] >= TimeSpan.FromSeconds(1));
        }
    });

    [Fact]
    public void A_crawl_leaves_nobody_in_the_tables_that_it_reads() => SimulatedWorld.Run(36, async world =>
    {
        await world.StartNetworkAsync(40, Without.Walks);
        await CrawlAsync(world, world.PickNode().Contact.Endpoint);
        await world.PassAsync(TimeSpan.FromSeconds(10));

        var members = world.Nodes.Select(n => n.Contact).ToHashSet();
        Assert.All(world.Nodes, n => Assert.Subset(members, n.Node.RoutingTable.Contacts.ToHashSet()));
    });

    [Theory]
    [MemberData(nameof(Lies.Kinds), MemberType = typeof(Lies))]
    public void Every_honest_node_is_found_whatever_the_liars_say(string kind) => SimulatedWorld.Run(41, async world =>
    {
        await world.StartNetworkAsync(40, Without.Walks);
        var liars = world.AddLiars(3, kind);
        foreach (var liar in liars.SelectMany(liar => Enumerable.Repeat(liar, 20)))
        {
            liar.Ping(world.PickNode().Contact.Endpoint, MessageId.Random(world.Random));
        }

        await world.PassAsync(TimeSpan.FromSeconds(5));
        var (run, isDone) = await CrawlAsync(world, world.Nodes[0].Contact.Endpoint);

        Assert.True(isDone);
        Assert.All(world.Nodes, n => Assert.True(run.Records.Single(r => r.Endpoint == n.Contact.Endpoint).IsComplete));
        Assert.Equal(world.Nodes.Count + liars.Count, run.Counts.Reachable);
        Assert.InRange(run.Records.Count, world.Nodes.Count + liars.Count, world.Nodes.Count + (liars.Count * (Crawl.MaxUnproven + 66)));
        Assert.False(kind == "no contacts at all" && run.Records.Single(r => r.Endpoint == liars[0].Endpoint).IsComplete);
    });

    /// <summary>Of a larger network slices take fewer datagrams than reading whole tables, and of one of 400 nodes about as many.</summary>
    [Theory]
    [InlineData(400, 1.05)]
    [InlineData(2_000, 0.5, Traits = ["Tier", "Long"])]
    public void The_slices_find_each_node_together(int nodes, double most) => SimulatedWorld.Run(41, async world =>
    {
        var settings = new SimulationSettings { Nodes = nodes, Dead = 0.1, Seed = 41 };
        var population = new Population(world, settings);
        await new NetworkBuilder(settings, population, (_, _, _) => { }).BuildAsync(TestContext.Current.CancellationToken);
        var depth = CrawlSlices.DepthFor(nodes, edges: 10);
        var slices = new List<CrawlRun>();
        for (var slice = 0; slice < 1 << depth; slice++)
        {
            slices.Add(await RunAsync(population.Live[slice % 10], CrawlSlices.RangeOf(slice, depth)));
        }

        var whole = await RunAsync(population.Live[0], BucketRange.Whole);
        var found = CrawlMerge.Merge(slices.Select(run => run.Records), depth).Where(record => record.IsReachable).ToList();

        Assert.Equal(
            population.Live.Select(live => live.Contact).ToHashSet(),
            found.Select(record => new Contact(record.Id!.Value, record.Endpoint)).ToHashSet());
        Assert.All(found, record => Assert.True(record.IsComplete));
        Assert.Equal(found.Count, whole.Counts.Reachable);
        Assert.InRange(slices.Sum(run => run.Sent), 1, most * whole.Sent);

        async Task<CrawlRun> RunAsync(Member edge, BucketRange region)
        {
            var run = edge.Engine!.PrepareCrawl(new CrawlOptions { Region = region }, nodes);
            Assert.True(await run.RunAsync(TestContext.Current.CancellationToken));
            return run;
        }
    });

    private static async Task<(CrawlRun Run, bool IsDone)> CrawlAsync(
        SimulatedWorld world, UdpEndpoint start, CrawlOptions? options = null, int rate = 2_000, IDatagramTransport? transport = null)
    {
        await using var client = await world.StartAsync(options => options.ClientOnly = true, transport: transport);
        var run = client.Engine.PrepareCrawl(options ?? new CrawlOptions(), rate);
        run.Change(crawl => crawl.Add(start));
        return (run, await run.RunAsync(TestContext.Current.CancellationToken));
    }
}

/// <summary>Notes when each request went out.</summary>
internal sealed class WatchedTransport(SimulatedTransport inner, Func<TimeSpan> clock) : IDatagramTransport
{
    public IReadOnlyList<UdpEndpoint> LocalEndpoints => inner.LocalEndpoints;

    public List<TimeSpan> SentAt { get; } = [];

    public void Start(IDatagramReceiver receiver) => inner.Start(receiver);

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        if (datagram[0] == (byte)DatagramKind.Request)
        {
            SentAt.Add(clock());
        }

        return inner.Send(datagram, destination);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

namespace KadOrleans.Tests.Node;

/// <summary>Crawls of real nodes on a simulated network, held against what is there.</summary>
public sealed class CrawlNetworkTests
{
    [Fact]
    public void Every_live_node_is_found_and_every_table_is_named() => ReadTables(seed: 31, size: 120);

    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(31)]
    [InlineData(32)]
    public void Every_live_node_of_a_larger_network_is_found_and_every_table_is_named(int seed) => ReadTables(seed, size: 300);

    [Fact]
    public void With_a_fifth_of_all_datagrams_lost_hardly_a_node_is_missed() => Lose(seed: 33, size: 120);

    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(33)]
    [InlineData(34)]
    public void With_a_fifth_of_all_datagrams_lost_hardly_a_node_of_a_larger_network_is_missed(int seed) => Lose(seed, size: 300);

    [Fact]
    public void The_rate_and_the_concurrency_are_kept()
    {
        var quick = new NetworkConditions { MaxDelay = TimeSpan.FromMilliseconds(20) };
        var world = new SimulatedWorld(35, quick);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(60, Without.Walks);
            const int Rate = 50;
            var transport = new WatchedTransport(world.Network.Bind(), () => world.Clock.Elapsed);
            var (run, _) = await CrawlScene.CrawlAsync(
                world, world.PickNode().Contact.Endpoint, new CrawlOptions { Concurrency = 4 }, Rate, transport);

            Assert.Equal(60, run.Counts.Visited);
            Assert.Equal(run.Sent, transport.SentAt.Count);
            for (var i = Rate + 4; i < transport.SentAt.Count; i++)
            {
                // In any second: the rate, and what one late timer may add.
                Assert.True(transport.SentAt[i] - transport.SentAt[i - Rate - 4] >= TimeSpan.FromSeconds(1));
            }

            Assert.InRange(transport.MostUnanswered, 2, 4);
            Assert.Equal(1, transport.MostUnansweredPerEndpoint);
        });
    }

    [Fact]
    public void A_crawl_leaves_nobody_in_the_tables_that_it_reads()
    {
        var world = new SimulatedWorld(36);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(40, Without.Walks);
            await CrawlScene.CrawlAsync(world, world.PickNode().Contact.Endpoint);
            await world.PassAsync(TimeSpan.FromSeconds(10));

            var members = world.Nodes.Select(n => n.Contact).ToHashSet();
            Assert.All(world.Nodes, n => Assert.Subset(members, n.Node.RoutingTable.Contacts.ToHashSet()));
        });
    }

    [Fact]
    public void A_crawl_that_was_stopped_goes_on_from_its_records()
    {
        var world = new SimulatedWorld(37);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(100, Without.Walks);
            var records = new Dictionary<UdpEndpoint, CrawlRecord>();
            await using var client = await world.StartAsync(options => options.ClientOnly = true);
            var run = client.Engine.PrepareCrawl(new CrawlOptions(), 500);
            run.Change(crawl => crawl.Add(world.PickNode().Contact.Endpoint));
            using (var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1), world.Clock))
            {
                Assert.False(await run.RunAsync(stop.Token));
            }

            Keep(run.Read(c => c.TakeChanges()));
            var before = run.Counts;
            Assert.InRange(before.Visited, 1, 99);

            run = client.Engine.PrepareCrawl(new CrawlOptions(), 500);
            run.Change(crawl => records.Values.ToList().ForEach(crawl.Restore));
            Assert.Equal(before.Visited, run.Counts.Visited);
            Assert.True(await run.RunAsync(TestContext.Current.CancellationToken));
            Assert.Equal(100, run.Counts.Visited);
            Keep(run.Read(c => c.TakeChanges()));
            Assert.Equal(100, records.Values.Count(r => r is { State: CrawlState.Visited, IsComplete: true }));

            void Keep(IEnumerable<CrawlRecord> changes)
            {
                foreach (var change in changes)
                {
                    records[change.Endpoint] = change;
                }
            }
        });
    }

    private static void ReadTables(int seed, int size)
    {
        var world = new SimulatedWorld(seed);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(size, Without.Walks);
            await world.PassAsync(TimeSpan.FromSeconds(30));
            var dead = new HashSet<UdpEndpoint>();
            for (var i = 0; i < size / 10; i++)
            {
                var victim = world.PickNode();
                dead.Add(victim.Contact.Endpoint);
                await victim.KillAsync();
            }

            var tables = world.Nodes.ToDictionary(n => n.Contact.Endpoint, n => n.Node.RoutingTable.Count);
            var (run, isDone) = await CrawlScene.CrawlAsync(world, world.PickNode().Contact.Endpoint);
            var found = run.Records.Where(r => r.IsReachable).ToDictionary(r => r.Endpoint);
            CrawlScene.Note($"{run.Counts}, {run.Sent} datagrams, {found.Values.Average(r => r.Queries)} queries for {found.Values.Average(r => r.Contacts)} contacts");
            Assert.True(isDone);
            Assert.Equal(
                world.Nodes.Select(n => n.Contact).OrderBy(c => c.Id),
                found.Values.Select(r => new Contact(r.Id!.Value, r.Endpoint)).OrderBy(c => c.Id));
            Assert.All(found.Values, r => Assert.True(r.IsComplete));
            Assert.All(run.Records.Where(r => !r.IsReachable), r => Assert.Contains(r.Endpoint, dead));
            Assert.All(tables, t => Assert.Equal(t.Value, found[t.Key].Contacts));
        });
    }

    private static void Lose(int seed, int size)
    {
        var world = new SimulatedWorld(seed);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(size, Without.Walks);
            world.Network.Conditions = new NetworkConditions { Loss = 0.2 };
            var (run, isDone) = await CrawlScene.CrawlAsync(world, world.PickNode().Contact.Endpoint);

            CrawlScene.Note($"{run.Counts}, complete {run.Records.Count(r => r.IsComplete)}");
            Assert.True(isDone);
            Assert.InRange(run.Counts.Reachable, size * 99 / 100, size);
            Assert.InRange(run.Records.Count(r => r.IsComplete), size * 95 / 100, size);
        });
    }
}

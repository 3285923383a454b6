using System.Globalization;

namespace KadOrleans.Tests.Node;

/// <summary>Ten nodes crawl a simulated network together, and two of them die.</summary>
public sealed class SlicedCrawlTests
{
    private const int Edges = 10;

    // KAD_CRAWL_NODES=100000 takes minutes and 9 GB of memory.
    private static readonly int Many = int.Parse(Environment.GetEnvironmentVariable("KAD_CRAWL_NODES") ?? "2000", CultureInfo.InvariantCulture);

    [Fact]
    public void Each_node_is_found_though_two_of_ten_edges_die() => Crawl(400, rate: 400, deaths: 2);

    [Fact]
    [Trait("Tier", "Long")]
    public void Each_of_many_nodes_is_found_though_two_of_ten_edges_die() => Crawl(Many, rate: Math.Min(Many, 10_000), deaths: 2);

    [Fact]
    [Trait("Tier", "Long")]
    public void Slices_take_fewer_datagrams_than_reading_whole_tables() => Crawl(2_000, rate: 2_000, deaths: 0, isCompared: true);

    private static void Crawl(int nodes, int rate, int deaths, bool isCompared = false)
    {
        var world = new SimulatedWorld(seed: 41);
        var settings = new SimulationSettings { Nodes = nodes, Dead = 0.1, Seed = 41 };
        world.Run(async () =>
        {
            var population = new Population(world, settings);
            await new NetworkBuilder(settings, population, (_, _, _) => { }).BuildAsync(TestContext.Current.CancellationToken);
            var edges = population.Live.Take(Edges).ToList();
            var crawl = new SlicedCrawl(world, population, edges, rate);
            var begunAt = world.Clock.Elapsed;
            var killed = 0;

            await crawl.RunAsync(nodes, async (done, all) =>
            {
                if (killed < deaths && done >= (killed + 1) * all / 4)
                {
                    await crawl.KillAsync(edges[killed++]);
                }
            });

            var seconds = (world.Clock.Elapsed - begunAt).TotalSeconds;
            var found = crawl.Records.Where(record => record.IsReachable).ToDictionary(record => record.Endpoint, record => record.Id!.Value);
            CrawlScene.Note(
                $"{found.Count} nodes of {population.Live.Count}, {crawl.Records.Count - found.Count} unreachable, {1 << crawl.Depth} slices, {crawl.Lost} lost, {crawl.Datagrams} datagrams in {seconds:0} s");
            Assert.Equal(deaths, killed);

            // Here the dead stay in the list, and get a slice again after each pause.
            Assert.InRange(crawl.Lost, Math.Min(1, deaths), deaths * 1_000);
            Assert.InRange(crawl.Datagrams, 1, (long)(rate * seconds) + (Edges * 64));
            Assert.All(population.Live, member => Assert.Equal(member.Contact.Id, found[member.Contact.Endpoint]));
            Assert.InRange(found.Count, population.Live.Count, population.Live.Count + deaths);
            Assert.All(crawl.Records.Where(record => record.IsReachable), record => Assert.True(record.IsComplete));
            if (isCompared)
            {
                begunAt = world.Clock.Elapsed;
                var whole = population.Live[0].Engine!.PrepareCrawl(new CrawlOptions(), rate);
                Assert.True(await whole.RunAsync(TestContext.Current.CancellationToken));
                CrawlScene.Note($"By one node: {whole.Counts.Reachable} nodes, {whole.Sent} datagrams in {(world.Clock.Elapsed - begunAt).TotalSeconds:0} s");
                Assert.Equal(found.Count, whole.Counts.Reachable);
                Assert.InRange(crawl.Datagrams, 1, whole.Sent / 2);
            }
        });
    }
}

/// <summary>A crawl by several nodes of a simulated network, led by a <see cref="CrawlPlan"/> as a cluster leads its edges.</summary>
internal sealed class SlicedCrawl(SimulatedWorld world, Population population, IReadOnlyList<Member> edges, int rate)
{
    private static readonly CrawlTiming Timing = new();

    private readonly Dictionary<string, Work> _work = [];
    private readonly Dictionary<int, IReadOnlyList<CrawlRecord>> _found = [];
    private CrawlPlan _plan = null!;

    public int Depth { get; private set; }

    public long Datagrams { get; private set; }

    /// <summary>Slices that another edge got because theirs died.</summary>
    public int Lost { get; private set; }

    /// <summary>What was found, each endpoint once.</summary>
    public IReadOnlyList<CrawlRecord> Records { get; private set; } = [];

    /// <summary>Crawls to the end.</summary>
    /// <param name="networkSize">As estimated.</param>
    /// <param name="onProgress">Told of the slices that are done, by those in all.</param>
    public async Task RunAsync(double networkSize, Func<int, int, Task> onProgress)
    {
        Depth = CrawlSlices.DepthFor(networkSize, edges.Count);
        _plan = new CrawlPlan(Depth, rate, Timing);
        while (!_plan.IsDone)
        {
            Renew(_plan.GetPolls(world.Clock.Elapsed));
            Lost += _plan.EndLost(world.Clock.Elapsed).Count;
            Renew(_plan.Grant([.. edges.Select(NameOf)], world.Clock.Elapsed));
            await onProgress(_plan.Done, 1 << Depth);
            await world.PassAsync(Timing.Poll);
        }

        Records = CrawlMerge.Merge(Enumerable.Range(0, 1 << Depth).Select(slice => _found[slice]), Depth);
    }

    /// <summary>An edge dies. What it was at is lost.</summary>
    public async Task KillAsync(Member edge)
    {
        if (_work.Remove(NameOf(edge), out var work))
        {
            // CancelAsync would go on in another thread than the simulation's.
            work.Stop.Cancel();
            Datagrams += work.Run?.Sent ?? 0;
        }

        await population.KillAsync(edge);
    }

    private static string NameOf(Member edge) => edge.Contact.ToString();

    private void Renew(IReadOnlyList<SliceLease> leases)
    {
        var now = world.Clock.Elapsed;
        foreach (var lease in leases)
        {
            _plan.OnSent(lease, now);
            if (edges.Single(edge => NameOf(edge) == lease.Edge).Engine is not { } engine)
            {
                continue;
            }

            if (!_work.TryGetValue(lease.Edge, out var work) || work.Lease != lease)
            {
                _work[lease.Edge] = work = new Work(lease);
                _ = CrawlAsync(engine, work);
            }

            _plan.OnAnswered(lease, now);
            if (work.Records is { } records)
            {
                Datagrams += work.Run!.Sent;
                _work.Remove(lease.Edge);
                if (_plan.OnDone(lease, isEmpty: !records.Any(record => record.IsReachable)))
                {
                    _found[lease.Slice] = records;
                }
            }
        }
    }

    private async Task CrawlAsync(DhtNode engine, Work work)
    {
        var options = new CrawlOptions { Region = CrawlSlices.RangeOf(work.Lease.Slice, Depth) };
        work.Run = engine.PrepareCrawl(options, work.Lease.Rate);
        if (await work.Run.RunAsync(work.Stop.Token))
        {
            work.Records = work.Run.Records;
        }
    }

    private sealed class Work(SliceLease lease)
    {
        public SliceLease Lease => lease;

        public CancellationTokenSource Stop { get; } = new();

        public CrawlRun? Run { get; set; }

        public IReadOnlyList<CrawlRecord>? Records { get; set; }
    }
}

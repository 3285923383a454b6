namespace KadOrleans.Tests.Node;

/// <summary>Crawls by one node of a simulated network.</summary>
public sealed class KadNodeCrawlTests : DhtCrawlContract
{
    private const int Size = 30;

    private readonly SimulatedWorld _world = new(seed: 16);

    protected override Task RunAsync(Func<IDhtAdmin, int, Task> test)
    {
        _world.Run(async () =>
        {
            await _world.StartNetworkAsync(Size, Without.Walks);
            await test(_world.Nodes[3].Node.Admin, Size);
        });
        return Task.CompletedTask;
    }

    [Fact]
    public Task The_last_ten_crawls_are_kept() => RunAsync(async (admin, _) =>
    {
        var ids = new List<string>();
        for (var i = 0; i < CrawlReport.MaxKept + 2; i++)
        {
            ids.Add((await admin.CrawlAsync().LastAsync()).Id);
        }

        Assert.Equal(ids.AsEnumerable().Reverse().Take(CrawlReport.MaxKept), (await admin.GetCrawlsAsync()).Select(crawl => crawl.Id));
        await Assert.ThrowsAsync<ArgumentException>(async () => await admin.ReadCrawlAsync(ids[0]).FirstAsync());
    });

    [Fact]
    public Task A_node_that_stops_keeps_what_its_crawl_found() => RunAsync(async (admin, _) =>
    {
        await admin.StartCrawlAsync(new CrawlRequest(Rate: 5));
        await _world.Nodes[3].Node.DisposeAsync();

        Assert.Equal(CrawlPhase.Stopped, Assert.Single(await admin.GetCrawlsAsync()).Phase);
    });

    [Fact]
    public void What_a_crawl_found_is_not_kept_in_memory_beside_the_store() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(Size, Without.Walks);
        var forgotten = new ForgetfulCrawlStore();
        await using var node = new KadNode(
            new KadNodeOptions(), _world.Network.Bind(), new InMemoryKeyStore(new KadNodeOptions().Quota), new InMemoryNodeStateStore(), _world.Environment, crawls: forgotten);
        await node.StartAsync();
        await node.BootstrapAsync([$"{_world.Nodes[0].Node.LocalEndpoints[0]}"]);
        await CrawlAsync(node);

        GC.Collect();
        Assert.InRange(forgotten.Found.Count, Size, Size + 1);
        Assert.DoesNotContain(forgotten.Found, record => record.IsAlive);
        Assert.Equal(CrawlPhase.Finished, Assert.Single(await node.Admin.GetCrawlsAsync()).Phase);
        GC.KeepAlive(node);
    });

    // Apart, so that no local of the test refers to what was found.
    private static async Task CrawlAsync(KadNode node) => await node.Admin.CrawlAsync().LastAsync();

    /// <summary>Keeps the report of the last crawl alone.</summary>
    private sealed class ForgetfulCrawlStore : ICrawlStore
    {
        private CrawlReport? _report;

        public IReadOnlyList<WeakReference> Found { get; private set; } = [];

        public ValueTask<IReadOnlyList<CrawlReport>> ListAsync(CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<IReadOnlyList<CrawlReport>>(_report is null ? [] : [_report]);

        public IAsyncEnumerable<CrawlRecord> ReadAsync(string id, CancellationToken cancellationToken = default) => AsyncEnumerable.Empty<CrawlRecord>();

        public ValueTask SaveAsync(CrawlReport report, IReadOnlyList<CrawlRecord> records, CancellationToken cancellationToken = default)
        {
            (_report, Found) = (report, [.. records.Select(record => new WeakReference(record))]);
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public void A_node_alone_finds_nobody_and_says_so() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var report = await node.Node.Admin.CrawlAsync().LastAsync();

        Assert.Equal((CrawlPhase.Failed, "No node answered."), (report.Phase, report.Problem));
    });
}

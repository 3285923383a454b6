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
    public void A_node_alone_finds_nobody_and_says_so() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var report = await node.Node.Admin.CrawlAsync().LastAsync();

        Assert.Equal((CrawlPhase.Failed, "No node answered."), (report.Phase, report.Problem));
    });
}

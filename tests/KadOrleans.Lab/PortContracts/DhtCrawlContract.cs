namespace KadOrleans.Lab;

/// <summary>What whoever runs a DHT may expect of the crawls of every <see cref="IDhtAdmin"/>: of one node, or of a cluster.</summary>
public abstract class DhtCrawlContract
{
    /// <summary>Runs a test on a DHT in a network of a known number of nodes.</summary>
    protected abstract Task RunAsync(Func<IDhtAdmin, int, Task> test);

    [Fact]
    public Task A_crawl_finds_every_node_and_tells_its_progress_to_the_end() => RunAsync(async (admin, nodes) =>
    {
        Assert.Empty(await admin.GetCrawlsAsync());
        var reports = await admin.CrawlAsync().ToListAsync();

        Assert.Equal(CrawlPhase.Finished, reports[^1].Phase);
        Assert.All(reports.SkipLast(1), report => Assert.Equal((CrawlPhase.Running, (CrawlSummary?)null), (report.Phase, report.Summary)));
        Assert.All(reports.Zip(reports.Skip(1)), pair => Assert.True(pair.First.Datagrams <= pair.Second.Datagrams));
        Assert.Equal((nodes, nodes), (reports[^1].Summary!.Nodes, reports[^1].Summary!.Ids));
        Assert.Equal((reports[^1].Slices, 0), (reports[^1].SlicesDone, reports[^1].Edges));
        Assert.Null(reports[^1].Change);
        var found = await admin.ReadCrawlAsync(reports[^1].Id).ToListAsync();
        Assert.Equal(nodes, found.Count(record => record is { IsReachable: true, IsComplete: true, Form: AddressForm.Text }));
        Assert.Equal(found.Count, found.DistinctBy(record => record.Endpoint).Count());
        Assert.Equivalent(reports[^1], Assert.Single(await admin.GetCrawlsAsync()), strict: true);
    });

    [Fact]
    public Task A_second_crawl_says_what_changed() => RunAsync(async (admin, nodes) =>
    {
        var request = new CrawlRequest(Rate: 2_000);
        var first = await admin.CrawlAsync((await admin.StartCrawlAsync(request)).Id).LastAsync();
        var second = await admin.CrawlAsync((await admin.StartCrawlAsync(request)).Id).LastAsync();

        Assert.Equal((first.Id, 0, 0, nodes), (second.Change!.Before, second.Change.Came, second.Change.Went, second.Change.Stayed));
        Assert.Equal([second.Id, first.Id], (await admin.GetCrawlsAsync()).Select(crawl => crawl.Id));
        Assert.All(await admin.ReadCrawlAsync(second.Id).ToListAsync(), record => Assert.Null(record.Since));
    });

    [Fact]
    public Task One_crawl_runs_at_a_time_and_can_be_stopped() => RunAsync(async (admin, _) =>
    {
        var started = await admin.StartCrawlAsync(new CrawlRequest(Rate: 5, MaxNodes: 1_000));
        Assert.Equal((CrawlPhase.Running, 5, 1_000), (started.Phase, started.Rate, started.MaxNodes));
        Assert.Equal(started.Id, (await admin.StartCrawlAsync()).Id);
        Assert.Equal(started.Id, (await admin.CrawlAsync().FirstAsync()).Id);
        Assert.Equal(CrawlPhase.Running, Assert.Single(await admin.GetCrawlsAsync()).Phase);

        Assert.True(await admin.StopCrawlAsync(started.Id));

        var stopped = await admin.CrawlAsync(started.Id).LastAsync();
        Assert.Equal(CrawlPhase.Stopped, stopped.Phase);
        Assert.False(await admin.StopCrawlAsync(started.Id));
        Assert.NotEqual(started.Id, (await admin.StartCrawlAsync()).Id);
    });

    [Fact]
    public Task Arguments_that_are_wrong_are_refused_in_a_sentence() => RunAsync(async (admin, _) =>
    {
        foreach (var request in new[] { new CrawlRequest(Rate: 0), new CrawlRequest(Rate: 10_001), new CrawlRequest(MaxNodes: 0), new CrawlRequest(MaxNodes: 2_000_001) })
        {
            Assert.EndsWith(" is allowed.", (await Assert.ThrowsAsync<ArgumentException>(() => admin.StartCrawlAsync(request))).Message, StringComparison.Ordinal);
        }

        Assert.Equal("There is no crawl 'x'.", (await Assert.ThrowsAsync<ArgumentException>(() => admin.StopCrawlAsync("x"))).Message);
        await Assert.ThrowsAsync<ArgumentException>(async () => await admin.CrawlAsync("x").FirstAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await admin.ReadCrawlAsync("20260101T000000000Z").FirstAsync());
    });
}

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class CrawlArchiveTests
{
    private const int Found = 2_500;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_close_that_fails_anywhere_is_repeated_without_loss_by_its_activation_and_by_another(bool isAnother)
    {
        for (var failing = 0; failing < 4; failing++)
        {
            var rows = new TestRows();
            var (archive, crawl) = await CrawlAsync(rows);
            var writes = 0;
            rows.BeforeWrite = (_, _) => writes++ == failing ? throw new TimeoutException() : Task.CompletedTask;

            await Assert.ThrowsAsync<TimeoutException>(() => CloseAsync(archive, crawl));
            if (isAnother)
            {
                archive = Open(rows);
                await archive.LoadAsync();
                crawl = archive.Crawls.Single();
            }

            await CloseAsync(archive, crawl);
            Assert.Equal(Found, (await ReadAsync(archive)).Count);
        }
    }

    [Fact]
    public async Task A_slice_that_is_written_late_takes_no_place_of_the_result()
    {
        var rows = new TestRows();
        var (archive, crawl) = await CrawlAsync(rows);
        var (begun, late) = (new TaskCompletionSource(), new TaskCompletionSource());
        rows.BeforeWrite = (_, _) =>
        {
            begun.TrySetResult();
            return late.Task;
        };
        var write = archive.WriteSliceAsync(crawl, 0, Records(0, 2_000));
        await begun.Task;
        rows.Heal();

        await CloseAsync(archive, crawl);
        late.SetResult();
        await write;

        Assert.Equal(Found, (await ReadAsync(archive)).Count);
    }

    private static CrawlArchive Open(TestRows rows) => new(new GrainRecordStorage(
        new TestGrainStorage(rows),
        GrainId.Create("crawls", "0"),
        TimeProvider.System,
        TimeSpan.FromMinutes(1)));

    private static async Task<(CrawlArchive Archive, StoredCrawl Crawl)> CrawlAsync(TestRows rows)
    {
        var archive = Open(rows);
        await archive.LoadAsync();
        var crawl = await archive.AddAsync(CrawlReport.Begin(null, DateTimeOffset.UnixEpoch, rate: 1, maxNodes: 10_000, slices: 2), depth: 1);

        // Some are in both slices.
        await archive.WriteSliceAsync(crawl, 0, Records(0, 1_500));
        await archive.WriteSliceAsync(crawl, 1, Records(1_000, Found - 1_000));
        await archive.SaveAsync(crawl, crawl.Report);
        return (archive, crawl);
    }

    private static Task<CrawlReport> CloseAsync(CrawlArchive archive, StoredCrawl crawl) =>
        archive.CloseAsync(crawl, crawl.Report, CrawlPhase.Finished, DateTimeOffset.UnixEpoch.AddHours(1));

    private static IEnumerable<CrawlRecord> Records(int first, int count) => Enumerable.Range(first, count).Select(i => new CrawlRecord
    {
        Endpoint = UdpEndpoint.FromIPv4(0x0B00_0000 + (uint)i, 1),
        State = CrawlState.Visited,
        Id = NodeId.FromKey($"{i}"),
    });

    private static async Task<HashSet<UdpEndpoint>> ReadAsync(CrawlArchive archive)
    {
        var crawl = archive.Crawls.Single();
        Assert.Equal(CrawlPhase.Finished, crawl.Report.Phase);
        var records = new List<CrawlRecord>();
        foreach (var page in CrawlArchive.PagesOf(crawl.State.Slices))
        {
            records.AddRange(CrawlPage.Decode((await archive.ReadPageAsync(crawl, page))!));
        }

        Assert.Equal(records.Count, records.DistinctBy(record => record.Endpoint).Count());
        return [.. records.Select(record => record.Endpoint)];
    }
}

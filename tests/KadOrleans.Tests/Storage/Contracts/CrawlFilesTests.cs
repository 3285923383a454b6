using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class CrawlFilesTests : SqliteTests
{
    private CrawlFiles Files => new(Folder["crawls"], NullLogger<CrawlFiles>.Instance);

    [Fact]
    public async Task A_saved_crawl_comes_back_after_a_restart_over_several_pages()
    {
        var records = Enumerable.Range(0, CrawlPage.MaxRecords + 10).Select(Record).ToList();
        await Files.SaveAsync(Report(1), records, TestContext.Current.CancellationToken);

        Assert.Equivalent(Report(1), Assert.Single(await ListAsync()), strict: true);
        Assert.Equal(records.Select(record => record.Endpoint), (await ReadAsync(Report(1).Id)).Select(record => record.Endpoint));
        Assert.Empty(await ReadAsync(Report(2).Id));
        Assert.Empty(await ReadAsync("../kad"));
    }

    [Fact]
    public async Task The_last_ten_are_kept_and_what_a_killed_process_left_is_removed()
    {
        Directory.CreateDirectory(Folder["crawls"]);
        await File.WriteAllTextAsync(Path.Combine(Folder["crawls"], $"{Report(0).Id}.nodes"), "x", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Folder["crawls"], "x.json.tmp"), "x", TestContext.Current.CancellationToken);
        for (var day = 1; day <= CrawlReport.MaxKept + 2; day++)
        {
            await Files.SaveAsync(Report(day), [Record(day)], TestContext.Current.CancellationToken);
        }

        Assert.Equal(Enumerable.Range(3, CrawlReport.MaxKept).Select(day => Report(day).Id), (await ListAsync()).Select(report => report.Id));
        Assert.Equal(2 * CrawlReport.MaxKept, Directory.GetFiles(Folder["crawls"]).Length);
    }

    [Fact]
    public async Task Damage_costs_what_it_damaged()
    {
        await Files.SaveAsync(Report(1), [.. Enumerable.Range(0, CrawlPage.MaxRecords + 10).Select(Record)], TestContext.Current.CancellationToken);
        await Files.SaveAsync(Report(2), [Record(1)], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Folder["crawls"], $"{Report(2).Id}.json"), "{", TestContext.Current.CancellationToken);
        var nodes = Path.Combine(Folder["crawls"], $"{Report(1).Id}.nodes");
        await File.WriteAllBytesAsync(nodes, (await File.ReadAllBytesAsync(nodes, TestContext.Current.CancellationToken))[..^1], TestContext.Current.CancellationToken);

        Assert.Equal([Report(1).Id], (await ListAsync()).Select(report => report.Id));
        Assert.Equal(CrawlPage.MaxRecords, (await ReadAsync(Report(1).Id)).Count);
    }

    private static CrawlReport Report(int day) => new()
    {
        Id = CrawlReport.NameOf(DateTimeOffset.UnixEpoch.AddDays(day)),
        Phase = CrawlPhase.Finished,
        StartedAt = DateTimeOffset.UnixEpoch.AddDays(day),
        Rate = 1,
        MaxNodes = 1,
    };

    private static CrawlRecord Record(int index) => new()
    {
        Endpoint = UdpEndpoint.FromIPv4(0x0B00_0000 + (uint)index, 1),
        State = CrawlState.Unreachable,
    };

    private async Task<IReadOnlyList<CrawlReport>> ListAsync() => await Files.ListAsync(TestContext.Current.CancellationToken);

    private async Task<List<CrawlRecord>> ReadAsync(string id) =>
        await Files.ReadAsync(id, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
}

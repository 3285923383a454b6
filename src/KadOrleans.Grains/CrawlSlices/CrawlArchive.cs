namespace KadOrleans.Grains;

// The stored crawls. Each has a record and pages in a slot. The oldest one's slot is used again: nothing is deleted.
internal sealed class CrawlArchive(GrainRecordStorage storage)
{
    public const int Slots = CrawlReport.MaxKept + 1;

    private readonly StoredCrawl?[] _crawls = new StoredCrawl?[Slots];
    private readonly string?[] _etags = new string?[Slots];

    public IEnumerable<StoredCrawl> Crawls =>
        _crawls.OfType<StoredCrawl>().OrderBy(crawl => crawl.Report.Id, StringComparer.Ordinal);

    public async Task LoadAsync()
    {
        for (var slot = 0; slot < Slots; slot++)
        {
            var record = await storage.ReadAsync<StoredCrawlState>(StateNames.Crawl(slot));
            _etags[slot] = record.ETag;
            _crawls[slot] = record.Content is { Report.Length: > 0 } state ? TryRead(slot, state) : null;
        }
    }

    // A report that cannot be read must not prevent new crawls: its slot is used again.
    private static StoredCrawl? TryRead(int slot, StoredCrawlState state)
    {
        try
        {
            return new StoredCrawl(slot, state) { Report = CrawlReportJson.Read(state.Report) };
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Begins a crawl in a free slot, or in that of the oldest. It is durable when this returns.</summary>
    public async Task<StoredCrawl> AddAsync(CrawlReport report, int depth)
    {
        var free = Array.FindIndex(_crawls, crawl => crawl is null);
        var slot = free >= 0 ? free : Crawls.First().Slot;
        var slices = Enumerable.Range(0, 1 << depth).Select(_ => new CrawlSliceState());
        var crawl = new StoredCrawl(slot, new StoredCrawlState { Depth = depth, Slices = [.. slices] }) { Report = report };
        await SaveAsync(crawl, report);
        _crawls[slot] = crawl;
        return crawl;
    }

    /// <summary>Writes a crawl's record: its report, and how far its slices are. Nobody sees the report before it is durable.</summary>
    public async Task SaveAsync(StoredCrawl crawl, CrawlReport report)
    {
        crawl.State.Report = CrawlReportJson.Write(report);
        _etags[crawl.Slot] = await storage.WriteAsync(StateNames.Crawl(crawl.Slot), crawl.State, _etags[crawl.Slot]);
        crawl.Report = report;
    }

    // Writes what a slice found to new pages, or to its own ones if they are enough. The crawl's record is written by the caller.
    public async Task WriteSliceAsync(StoredCrawl crawl, int slice, IEnumerable<CrawlRecord> records)
    {
        var state = crawl.State.Slices[slice];
        var pages = CrawlPage.EncodeAll(records).ToList();
        var first = state.FirstPage;
        if (pages.Count > state.Pages)
        {
            first = crawl.State.Pages;
            crawl.State.Pages += pages.Count;
        }

        await WriteAsync(crawl, first, pages);
        (state.FirstPage, state.Pages) = (first, pages.Count);
    }

    // Ends a crawl: each endpoint once, with what changed since the crawl before. All is then on new pages of the first slice. All records
    // are in memory meanwhile. It may be repeated after a failure: until the crawl's record is written, that has the slices' own pages.
    public async Task<CrawlReport> CloseAsync(StoredCrawl crawl, CrawlReport report, CrawlPhase phase, DateTimeOffset now)
    {
        var found = CrawlMerge.Merge(await ReadAsync(crawl), crawl.State.Depth);
        var kept = Crawls.Where(other => other != crawl).ToList();
        var last = kept.FindLast(other => other.Report.Phase == CrawlPhase.Finished);
        var then = last is null ? [] : (await ReadAsync(last)).SelectMany(records => records);
        (report, found) = report.End(phase, found, kept.Select(other => other.Report), then, now);
        var pages = CrawlPage.EncodeAll(found).ToList();
        var first = crawl.State.Pages;
        await WriteAsync(crawl, first, pages);

        // A write of a slice that is still under way changes an object that is no longer used.
        crawl.State.Slices = crawl.State.Slices.ConvertAll(slice => new CrawlSliceState { IsDone = slice.IsDone, Tries = slice.Tries, Number = slice.Number });
        (crawl.State.Slices[0].FirstPage, crawl.State.Slices[0].Pages, crawl.State.Pages) = (first, pages.Count, first + pages.Count);
        await SaveAsync(crawl, report);
        return report;
    }

    public static IEnumerable<int> PagesOf(IEnumerable<CrawlSliceState> slices) =>
        slices.SelectMany(slice => Enumerable.Range(slice.FirstPage, slice.Pages));

    public async Task<byte[]?> ReadPageAsync(StoredCrawl crawl, int page)
    {
        var record = await storage.ReadAsync<CrawlPageState>(StateNames.CrawlPage(crawl.Slot, page));
        return record.Content is { } content && content.Crawl == crawl.Report.Id ? content.Content : null;
    }

    private async Task WriteAsync(StoredCrawl crawl, int first, List<byte[]> pages)
    {
        foreach (var (i, page) in pages.Index())
        {
            // The ETag of a page of an older crawl is needed to replace it.
            var name = StateNames.CrawlPage(crawl.Slot, first + i);
            var before = await storage.ReadAsync<CrawlPageState>(name);
            await storage.WriteAsync(name, new CrawlPageState { Crawl = crawl.Report.Id, Content = page }, before.ETag);
        }
    }

    private async Task<List<List<CrawlRecord>>> ReadAsync(StoredCrawl crawl)
    {
        var slices = new List<List<CrawlRecord>>();
        foreach (var slice in crawl.State.Slices)
        {
            slices.Add([]);
            foreach (var page in PagesOf([slice]))
            {
                slices[^1].AddRange(await ReadPageAsync(crawl, page) is { } content ? CrawlPage.Decode(content) : []);
            }
        }

        return slices;
    }
}

internal sealed record StoredCrawl(int Slot, StoredCrawlState State)
{
    public required CrawlReport Report { get; set; }
}

/// <summary>A crawl as stored: below 512 KiB with 1,024 slices.</summary>
[GenerateSerializer]
[Alias("kad.CrawlState")]
internal sealed class StoredCrawlState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public string Report { get; set; } = string.Empty;

    [Id(2)]
    public int Depth { get; set; }

    [Id(3)]
    public List<CrawlSliceState> Slices { get; set; } = [];

    /// <summary>The number of pages written: the next one has this number.</summary>
    [Id(4)]
    public int Pages { get; set; }
}

[GenerateSerializer]
[Alias("kad.CrawlSliceState")]
internal sealed class CrawlSliceState
{
    [Id(0)]
    public bool IsDone { get; set; }

    [Id(1)]
    public int Tries { get; set; }

    [Id(2)]
    public int Number { get; set; }

    [Id(3)]
    public string? Edge { get; set; }

    [Id(4)]
    public int Rate { get; set; }

    [Id(5)]
    public int FirstPage { get; set; }

    [Id(6)]
    public int Pages { get; set; }
}

[GenerateSerializer]
[Alias("kad.CrawlPageState")]
internal sealed class CrawlPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    /// <summary>The id of its crawl. A page of an older crawl counts as missing.</summary>
    [Id(1)]
    public string Crawl { get; set; } = string.Empty;

    [Id(2)]
    public byte[] Content { get; set; } = [];
}

using KadOrleans.Core.Crawling;
using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Crawling;

/// <summary>
/// The stored crawls. Each is in one of <see cref="Slots"/> places, with a record of its own and pages. The oldest place is used again, so
/// nothing has to be removed.
/// </summary>
internal sealed class CrawlArchive(GrainRecordStorage storage)
{
    /// <summary>The kept crawls and the one that runs.</summary>
    public const int Slots = CrawlReport.MaxKept + 1;

    private readonly StoredCrawl?[] _crawls = new StoredCrawl?[Slots];
    private readonly string?[] _etags = new string?[Slots];

    /// <summary>The crawls, oldest first.</summary>
    public IEnumerable<StoredCrawl> Crawls =>
        _crawls.OfType<StoredCrawl>().OrderBy(crawl => crawl.Report.Id, StringComparer.Ordinal);

    /// <summary>Reads all reports. Pages are read when they are asked for.</summary>
    public async Task LoadAsync()
    {
        for (var slot = 0; slot < Slots; slot++)
        {
            var record = await storage.ReadAsync<CrawlState>(StateNames.Crawl(slot));
            _etags[slot] = record.ETag;
            _crawls[slot] = record.Content is { Report.Length: > 0 } state ? TryRead(slot, state) : null;
        }
    }

    // A report that cannot be read must not keep crawls from being made: its place is used again.
    private static StoredCrawl? TryRead(int slot, CrawlState state)
    {
        try
        {
            return new StoredCrawl(slot, CrawlReportJson.Read(state.Report), state);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Begins a crawl in the place of the oldest, durably.</summary>
    public async Task<StoredCrawl> AddAsync(CrawlReport report, int depth)
    {
        var free = Array.FindIndex(_crawls, crawl => crawl is null);
        var slot = free >= 0 ? free : Crawls.First().Slot;
        var crawl = new StoredCrawl(slot, report, new CrawlState
        {
            Depth = depth,
            Slices = [.. Enumerable.Range(0, 1 << depth).Select(_ => new CrawlSliceState())],
        });
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

    /// <summary>
    /// Writes what a slice found to new pages, or to its own ones if it has some already, which must not be fewer. The crawl's record is
    /// written by the caller.
    /// </summary>
    public async Task WriteSliceAsync(StoredCrawl crawl, int slice, IReadOnlyList<CrawlRecord> records)
    {
        var state = crawl.State.Slices[slice];
        var pages = records.Chunk(CrawlPage.MaxRecords).ToList();
        if (pages.Count > state.Pages)
        {
            state.FirstPage = crawl.State.Pages;
            crawl.State.Pages += pages.Count;
        }

        state.Pages = pages.Count;
        for (var i = 0; i < pages.Count; i++)
        {
            // The ETag of a page of an older crawl is needed to replace it.
            var name = StateNames.CrawlPage(crawl.Slot, state.FirstPage + i);
            var before = await storage.ReadAsync<CrawlPageState>(name);
            await storage.WriteAsync(name, new CrawlPageState { Crawl = crawl.Report.Id, Content = CrawlPage.Encode(pages[i]) }, before.ETag);
        }
    }

    /// <summary>What a slice found; nothing if it is not done.</summary>
    public async Task<List<CrawlRecord>> ReadSliceAsync(StoredCrawl crawl, int slice)
    {
        var records = new List<CrawlRecord>();
        for (var page = 0; page < crawl.State.Slices[slice].Pages; page++)
        {
            records.AddRange(await ReadPageAsync(crawl, slice, page) is { } content ? CrawlPage.Decode(content) : []);
        }

        return records;
    }

    /// <summary>A page of a slice; null if it was not written.</summary>
    public async Task<byte[]?> ReadPageAsync(StoredCrawl crawl, int slice, int page)
    {
        var record = await storage.ReadAsync<CrawlPageState>(
            StateNames.CrawlPage(crawl.Slot, crawl.State.Slices[slice].FirstPage + page));
        return record.Content is { } content && content.Crawl == crawl.Report.Id ? content.Content : null;
    }
}

/// <summary>A stored crawl in memory.</summary>
internal sealed class StoredCrawl(int slot, CrawlReport report, CrawlState state)
{
    /// <summary>Its place.</summary>
    public int Slot => slot;

    /// <summary>Its report now.</summary>
    public CrawlReport Report { get; set; } = report;

    /// <summary>Its record.</summary>
    public CrawlState State => state;
}

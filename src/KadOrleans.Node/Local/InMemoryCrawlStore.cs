using System.Collections.Immutable;

namespace KadOrleans.Node;

internal sealed class InMemoryCrawlStore : ICrawlStore
{
    private ImmutableList<(CrawlReport Report, IReadOnlyList<CrawlRecord> Records)> _crawls = [];

    public ValueTask<IReadOnlyList<CrawlReport>> ListAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IReadOnlyList<CrawlReport>>([.. _crawls.Select(crawl => crawl.Report)]);

    public IAsyncEnumerable<CrawlRecord> ReadAsync(string id, CancellationToken cancellationToken = default) =>
        (_crawls.Find(crawl => crawl.Report.Id == id).Records ?? []).ToAsyncEnumerable();

    public ValueTask SaveAsync(CrawlReport report, IReadOnlyList<CrawlRecord> records, CancellationToken cancellationToken = default)
    {
        ImmutableInterlocked.Update(ref _crawls, crawls => [.. crawls.Append((report, records)).TakeLast(CrawlReport.MaxKept)]);
        return ValueTask.CompletedTask;
    }
}

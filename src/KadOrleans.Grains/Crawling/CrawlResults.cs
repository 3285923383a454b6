using KadOrleans.Core.Crawling;

namespace KadOrleans.Grains.Crawling;

/// <summary>
/// Puts the slices of a crawl together when it ends: each endpoint once, with what changed since the crawl before. All records are in memory
/// meanwhile. It may be repeated after a failure, as what it writes is merged again to the same.
/// </summary>
internal static class CrawlResults
{
    /// <summary>Writes the slices anew and returns the last report.</summary>
    /// <param name="archive">Where the crawls are.</param>
    /// <param name="crawl">The crawl that ends.</param>
    /// <param name="report">Its report up to now.</param>
    /// <param name="phase">How it ends.</param>
    /// <param name="now">The time.</param>
    public static async Task<CrawlReport> CloseAsync(
        CrawlArchive archive, StoredCrawl crawl, CrawlReport report, CrawlPhase phase, DateTimeOffset now)
    {
        var slices = CrawlMerge.Merge(await ReadAsync(archive, crawl), crawl.State.Depth);
        var found = slices.SelectMany(records => records).ToList();
        if (phase == CrawlPhase.Finished && !found.Exists(record => record.IsReachable))
        {
            phase = CrawlPhase.Failed;
        }

        var finished = archive.Crawls.Where(other => other.Report.Phase == CrawlPhase.Finished && other != crawl).ToList();
        var then = phase == CrawlPhase.Finished && finished.Count > 0 ? (await ReadAsync(archive, finished[^1])).SelectMany(records => records) : [];
        (report, var ended) = report.End(phase, found, finished.ConvertAll(other => other.Report), then, now);

        // They come back in the order in which they were given.
        var next = 0;
        for (var slice = 0; slice < slices.Count; slice++)
        {
            await archive.WriteSliceAsync(crawl, slice, [.. ended.Skip(next).Take(slices[slice].Count)]);
            next += slices[slice].Count;
        }

        return report;
    }

    private static async Task<List<List<CrawlRecord>>> ReadAsync(CrawlArchive archive, StoredCrawl crawl)
    {
        var slices = new List<List<CrawlRecord>>();
        for (var slice = 0; slice < crawl.State.Slices.Count; slice++)
        {
            slices.Add(await archive.ReadSliceAsync(crawl, slice));
        }

        return slices;
    }
}

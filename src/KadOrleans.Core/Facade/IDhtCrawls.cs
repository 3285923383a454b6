namespace KadOrleans;

/// <summary>Crawls of the network: a part of <see cref="IDhtAdmin"/>.</summary>
public interface IDhtCrawls
{
    /// <summary>
    /// Starts to visit every node of the network, as asked or as the settings say, and returns at once. One crawl runs at a time: if one runs,
    /// its report is returned. Cancelling does not stop the crawl.
    /// </summary>
    /// <exception cref="ArgumentException">The rate or the number of nodes is not allowed.</exception>
    Task<CrawlReport> StartCrawlAsync(CrawlRequest? request = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// The progress of a crawl: its report now, each second when it changed, and the last one when the crawl ended. Without an id it is the one
    /// that runs, or a new one. Ending the enumeration does not stop the crawl.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such crawl.</exception>
    IAsyncEnumerable<CrawlReport> CrawlAsync(string? id = null, CancellationToken cancellationToken = default);

    /// <summary>The crawl that runs and the last <see cref="CrawlReport.MaxKept"/> that ended, newest first.</summary>
    Task<IReadOnlyList<CrawlReport>> GetCrawlsAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// What a crawl found: each endpoint of the network once, as far as it has got. In ranges of ids by ascending prefix; within a range in
    /// no order.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such crawl.</exception>
    IAsyncEnumerable<CrawlRecord> ReadCrawlAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Stops a crawl and keeps what it found. Returns whether it ran.</summary>
    /// <exception cref="ArgumentException">There is no such crawl.</exception>
    Task<bool> StopCrawlAsync(string id, CancellationToken cancellationToken = default);
}

namespace KadOrleans.Node;

/// <summary>Keeps the last crawls of a node.</summary>
internal interface ICrawlStore
{
    /// <summary>The reports of the kept crawls, oldest first. A damaged crawl is left out.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask<IReadOnlyList<CrawlReport>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>What a crawl found; nothing if it is not kept.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    IAsyncEnumerable<CrawlRecord> ReadAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Keeps a crawl durably, and removes the oldest beyond <see cref="CrawlReport.MaxKept"/>.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask SaveAsync(CrawlReport report, IReadOnlyList<CrawlRecord> records, CancellationToken cancellationToken = default);
}

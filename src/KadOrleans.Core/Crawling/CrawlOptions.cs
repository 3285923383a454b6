namespace KadOrleans.Core.Crawling;

/// <summary>How far a crawl goes, and how many requests it keeps under way.</summary>
public sealed record CrawlOptions
{
    /// <summary>The most requests that may be under way at once.</summary>
    public const int HighestConcurrency = 1_000;

    /// <summary>The most endpoints that a crawl may remember.</summary>
    public const int HighestMaxNodes = 2_000_000;

    /// <summary>
    /// Endpoints remembered, reachable or not; 1 to 2,000,000, default 200,000. What is named beyond it is counted and
    /// passed over, so that invented contacts cannot fill the memory: about 400 bytes each.
    /// </summary>
    public int MaxNodes { get; init; } = 200_000;

    /// <summary>Requests under way at once, each to another endpoint; 1 to 1,000, default 64.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>An id that no node has: that of the crawler and of other clients, which tables may still name.</summary>
    public NodeId? IgnoredId { get; init; }
}

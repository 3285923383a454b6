using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Crawling;

internal sealed record CrawlOptions
{
    public const int HighestConcurrency = 1_000;

    public const int HighestRate = 10_000;

    public const int DefaultRate = 200;

    public const int HighestMaxNodes = 2_000_000;

    /// <summary>
    /// Endpoints remembered, reachable or not; 1 to 2,000,000, default 200,000. Further ones are counted and ignored, so invented contacts
    /// cannot fill the memory: about 400 bytes each.
    /// </summary>
    public int MaxNodes { get; init; } = 200_000;

    /// <summary>The most pending requests, each to another endpoint; 1 to 1,000, default 64.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>An id that no node has: that of the crawler and of other clients, which tables may still name.</summary>
    public NodeId? IgnoredId { get; init; }

    /// <summary>
    /// The ids to find; default: all. Of each node only the contacts in this range are asked for and visited, apart from the endpoints that
    /// the crawl begins with.
    /// </summary>
    public BucketRange Region { get; init; }
}

/// <summary>A request that a crawl wants sent: a FIND_NODE, or a PING if the target is null.</summary>
internal readonly record struct CrawlQuery(UdpEndpoint Endpoint, NodeId? Target);

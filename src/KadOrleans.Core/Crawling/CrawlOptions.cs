namespace KadOrleans.Core.Crawling;

/// <summary>The bounds of a crawl.</summary>
internal sealed record CrawlOptions
{
    /// <summary>The highest <see cref="Concurrency"/>.</summary>
    public const int HighestConcurrency = 1_000;

    /// <summary>The highest <see cref="MaxNodes"/>.</summary>
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
}

/// <summary>The progress of a crawl.</summary>
/// <param name="Reachable">Nodes that answered.</param>
/// <param name="Visited">The reachable nodes whose contacts were read.</param>
/// <param name="Waiting">Endpoints that were not asked to the end yet.</param>
/// <param name="Unreachable">Endpoints that did not answer.</param>
/// <param name="NotNodes">Endpoints that answered without an id.</param>
/// <param name="Refused">Contacts at addresses that no host can have, or that the node that named them cannot know.</param>
/// <param name="Overflow">Contacts ignored because of <see cref="CrawlOptions.MaxNodes"/>.</param>
internal readonly record struct CrawlCounts(
    int Reachable, int Visited, int Waiting, int Unreachable, int NotNodes, long Refused, long Overflow);

/// <summary>A request that a crawl wants sent.</summary>
/// <param name="Endpoint">To whom.</param>
/// <param name="Target">The target of a FIND_NODE; null for a PING.</param>
internal readonly record struct CrawlQuery(UdpEndpoint Endpoint, NodeId? Target);

/// <summary>The state of one endpoint in a crawl.</summary>
internal enum CrawlState
{
    /// <summary>Named by others, not asked to its end yet.</summary>
    Waiting,

    /// <summary>It answered with an id, and is being asked for its contacts.</summary>
    Visiting,

    /// <summary>It answered with an id, and has been asked for its contacts.</summary>
    Visited,

    /// <summary>It answered none of several pings.</summary>
    Unreachable,

    /// <summary>It answered without an id of its own: a client, or nothing that speaks the protocol well.</summary>
    NotANode,
}

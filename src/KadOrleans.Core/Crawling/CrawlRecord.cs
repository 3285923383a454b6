namespace KadOrleans.Core.Crawling;

/// <summary>What a crawl knows of one endpoint.</summary>
public sealed record CrawlRecord
{
    /// <summary>Where it is.</summary>
    public required UdpEndpoint Endpoint { get; init; }

    /// <summary>How far the crawl came with it.</summary>
    public required CrawlState State { get; init; }

    /// <summary>The id that it answered a ping with; null if it gave none.</summary>
    public NodeId? Id { get; init; }

    /// <summary>Other ids that nodes name it under; not more than a few are kept.</summary>
    public IReadOnlyList<NodeId> ClaimedIds { get; init; } = [];

    /// <summary>The shortest round trip measured; null without an answer.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Different contacts that it named.</summary>
    public int Contacts { get; init; }

    /// <summary>FIND_NODE requests that it answered.</summary>
    public int Questions { get; init; }

    /// <summary>Whether its whole table was named; false if it fell silent, or went on inventing contacts.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Whether a node answers there.</summary>
    public bool IsReachable => State is CrawlState.Visiting or CrawlState.Visited;
}

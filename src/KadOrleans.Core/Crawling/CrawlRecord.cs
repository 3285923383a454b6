using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Crawling;

/// <summary>A crawl's record of one endpoint.</summary>
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
    public int Queries { get; init; }

    /// <summary>Whether it named its whole table; false if it stopped responding, or kept inventing contacts.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Whether a node answers there.</summary>
    public bool IsReachable => State is CrawlState.Visiting or CrawlState.Visited;

    /// <summary>How its responses write addresses.</summary>
    public AddressForm Form { get; init; }

    /// <summary>
    /// The start of the first of the consecutive crawls in which this id answered at this endpoint. Null if that was the first crawl of
    /// all, or if nothing was compared.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Where it is among the ids: its own id, or if it gave none, the first one that nodes name it under.</summary>
    internal NodeId? Place => Id ?? (ClaimedIds.Count > 0 ? ClaimedIds[0] : null);

    /// <summary>Whether it belongs to a range of ids: by its own id, or if it gave none, by one that nodes name it under.</summary>
    internal bool IsIn(BucketRange range) => Id is { } id && range.Contains(id) || ClaimedIds.Any(range.Contains);
}

/// <summary>The state of one endpoint in a crawl.</summary>
public enum CrawlState
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

/// <summary>How a node writes the addresses of contacts: the versions of the protocol differ in nothing else that a crawl sees.</summary>
public enum AddressForm
{
    /// <summary>It named no contact.</summary>
    Unknown,

    /// <summary>As text: this product, and the package <c>kademlia</c> under Python 3.</summary>
    Text,

    /// <summary>As bytes: the package <c>kademlia</c> under Python 2.</summary>
    Bytes,
}

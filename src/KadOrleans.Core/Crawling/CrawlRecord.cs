using System.Text;

namespace KadOrleans.Core;

/// <summary>A crawl's record of one endpoint.</summary>
public sealed record CrawlRecord
{
    /// <summary>Where it is.</summary>
    public required UdpEndpoint Endpoint { get; init; }

    /// <summary>How far the crawl came with it.</summary>
    public required CrawlState State { get; init; }

    /// <summary>The id that it answered a ping with; null if it gave none.</summary>
    public NodeId? Id { get; init; }

    /// <summary>Other ids that nodes name it under: at most 8 are kept.</summary>
    public IReadOnlyList<NodeId> ClaimedIds { get; init; } = [];

    /// <summary>The shortest round trip measured; null without an answer.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Different contacts that it named.</summary>
    public int Contacts { get; init; }

    /// <summary>FIND_NODE requests that it answered.</summary>
    public int Queries { get; init; }

    /// <summary>Whether it named its whole table; false if it stopped responding, or named too many contacts or unreachable ones.</summary>
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

    /// <summary>Its own id, or if it gave none, the first one that nodes name it under.</summary>
    internal NodeId? Place => Id ?? (ClaimedIds.Count > 0 ? ClaimedIds[0] : null);

    internal bool IsIn(BucketRange range) => Id is { } id && range.Contains(id) || ClaimedIds.Any(range.Contains);

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>The state of one endpoint in a crawl.</summary>
public enum CrawlState
{
    /// <summary>The crawl began with it or others named it, and it has neither answered a ping nor failed yet.</summary>
    Waiting,

    /// <summary>It answered with an id, and is being asked for its contacts.</summary>
    Visiting,

    /// <summary>It answered with an id, and has been asked for its contacts.</summary>
    Visited,

    /// <summary>It answered none of several pings.</summary>
    Unreachable,

    /// <summary>It answered without an id of its own: a client, or a program that does not follow the protocol.</summary>
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

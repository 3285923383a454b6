namespace KadOrleans.Core.Crawling;

/// <summary>How far a crawl has come with one endpoint.</summary>
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

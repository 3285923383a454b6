namespace KadOrleans.Core.Crawling;

/// <summary>A request that a crawl wants sent.</summary>
/// <param name="Endpoint">To whom.</param>
/// <param name="Target">The target of a FIND_NODE; null for a PING.</param>
public readonly record struct CrawlQuestion(UdpEndpoint Endpoint, NodeId? Target);

namespace KadOrleans.Core.Crawling;

/// <summary>How far a crawl has come.</summary>
/// <param name="Reachable">Nodes that answered.</param>
/// <param name="Visited">Those of them that have been asked for their contacts.</param>
/// <param name="Waiting">Endpoints that were not asked to the end yet.</param>
/// <param name="Unreachable">Endpoints that did not answer.</param>
/// <param name="NotNodes">Endpoints that answered without an id.</param>
/// <param name="Refused">Contacts named with an address that their namer has no say over, or that none can have.</param>
/// <param name="Overflow">Contacts passed over because of <see cref="CrawlOptions.MaxNodes"/>.</param>
public readonly record struct CrawlCounts(
    int Reachable, int Visited, int Waiting, int Unreachable, int NotNodes, long Refused, long Overflow);

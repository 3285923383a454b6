namespace KadOrleans;

/// <summary>How to crawl.</summary>
/// <param name="Rate">Datagrams per second, of all edges together; 1 to 10,000. Null: as the settings say; 200 for a node.</param>
/// <param name="MaxNodes">The most endpoints remembered, 1 to 2,000,000. Null: as the settings say; 200,000 for a node.</param>
public sealed record CrawlRequest(int? Rate = null, int? MaxNodes = null);

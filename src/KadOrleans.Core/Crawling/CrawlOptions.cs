namespace KadOrleans.Core;

internal sealed record CrawlOptions
{
    public const int HighestConcurrency = 1_000;

    public const int HighestRate = 10_000;

    public const int DefaultRate = 200;

    public const int HighestMaxNodes = 2_000_000;

    // Endpoints remembered, about 400 bytes each; 1 to 2,000,000. Further ones are counted and ignored.
    public int MaxNodes { get; init; } = 200_000;

    public int Concurrency { get; init; } = 64;

    /// <summary>The id of the crawler and of other clients, which tables may still name.</summary>
    public NodeId? IgnoredId { get; init; }

    /// <summary>Contacts that others name and that are not asked: the crawler's own addresses. Null: none.</summary>
    public Func<Contact, bool>? IsRefused { get; init; }

    // Only contacts in this range are asked for and visited, beside those that the crawl begins with.
    public BucketRange Region { get; init; }
}

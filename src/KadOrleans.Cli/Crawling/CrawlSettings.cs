namespace KadOrleans.Cli.Crawling;

/// <summary>What <c>kad crawl</c> was asked for.</summary>
internal sealed record CrawlSettings
{
    /// <summary>Nodes to begin with, as typed.</summary>
    public required IReadOnlyList<string> Via { get; init; }

    /// <summary>Datagrams per second.</summary>
    public required int Rate { get; init; }

    /// <summary>Requests under way at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Endpoints remembered.</summary>
    public required int MaxNodes { get; init; }

    /// <summary>Where the rows go: a file, <c>-</c> for the standard output, or null for nowhere.</summary>
    public required string? Output { get; init; }

    /// <summary>Whether rows are CSV rather than JSON lines.</summary>
    public required bool IsCsv { get; init; }

    /// <summary>Where the picture goes, or null.</summary>
    public required string? Svg { get; init; }

    /// <summary>The state file, or null.</summary>
    public required string? Resume { get; init; }

    /// <summary>Whether the summary is JSON.</summary>
    public required bool Json { get; init; }
}

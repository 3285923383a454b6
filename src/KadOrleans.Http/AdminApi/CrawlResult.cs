namespace KadOrleans.Http;

/// <summary>A crawl: its progress, and what it found.</summary>
/// <param name="Id">Its name: the time of its start. Later crawls have higher names.</param>
/// <param name="Phase">running, finished, stopped or failed.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Rate">The most datagrams per second, of all edges together.</param>
/// <param name="MaxNodes">The most addresses remembered.</param>
/// <param name="Slices">Parts of the id space that are crawled separately.</param>
/// <param name="SlicesDone">Those that are done.</param>
/// <param name="Edges">Edges that have a slice now.</param>
/// <param name="Datagrams">Datagrams sent so far.</param>
/// <param name="Reachable">Nodes that answered so far.</param>
/// <param name="Visited">Those whose contacts were read.</param>
/// <param name="Waiting">Addresses that were named and not asked to the end yet.</param>
/// <param name="Unreachable">Addresses that did not answer.</param>
/// <param name="Summary">What was found, as kad crawl --json prints it, with at most 100 examples; null while it runs.</param>
/// <param name="Change">What changed since the finished crawl before; null if there is none.</param>
/// <param name="Sessions">How long nodes stay, by the kept crawls up to this one; null if they cannot tell.</param>
/// <param name="Problem">Why it failed or was stopped, in one sentence; null if it was not.</param>
internal sealed record CrawlResult(
    string Id,
    CrawlPhase Phase,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    int Rate,
    int MaxNodes,
    int Slices,
    int SlicesDone,
    int Edges,
    long Datagrams,
    int Reachable,
    int Visited,
    int Waiting,
    int Unreachable,
    JsonObject? Summary,
    CrawlChangeResult? Change,
    SessionsResult? Sessions,
    string? Problem)
{
    public static CrawlResult Of(CrawlReport report) => new(
        report.Id,
        report.Phase,
        report.StartedAt,
        report.EndedAt,
        report.Rate,
        report.MaxNodes,
        report.Slices,
        report.SlicesDone,
        report.Edges,
        report.Datagrams,
        report.Counts.Reachable,
        report.Counts.Visited,
        report.Counts.Waiting,
        report.Counts.Unreachable,
        report.Summary is { } summary
            ? CrawlSummaryText.ToJson(summary, report.Counts, report.Datagrams, report.Phase == CrawlPhase.Finished)
            : null,
        report.Change is { } change ? new CrawlChangeResult(change.Before, change.Came, change.Went, change.Stayed) : null,
        report.Sessions is { } sessions ? SessionsResult.Of(sessions) : null,
        report.Problem is { } problem ? VisibleText.Show(problem) : null);
}

/// <summary>What changed between two crawls. A node is an id that answers at an address.</summary>
/// <param name="Before">The name of the crawl before.</param>
/// <param name="Came">Nodes that answered now and not before.</param>
/// <param name="Went">Nodes that answered before and not now.</param>
/// <param name="Stayed">Nodes that answered in both.</param>
internal sealed record CrawlChangeResult(string Before, int Came, int Went, int Stayed);

namespace KadOrleans.Core;

/// <summary>A crawl: its progress while it runs, and what it found.</summary>
public sealed record CrawlReport
{
    /// <summary>The crawls that are kept. The oldest goes for a new one.</summary>
    public const int MaxKept = 10;

    /// <summary>Its name: the UTC time of its start, as in <c>20261122T014500123Z</c>. Later crawls have higher names.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it runs, and how it ended.</summary>
    public required CrawlPhase Phase { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The most datagrams per second, of all edges together.</summary>
    public required int Rate { get; init; }

    /// <summary>The most endpoints remembered, in all.</summary>
    public required int MaxNodes { get; init; }

    /// <summary>Parts of the id space that are crawled separately: one for a node.</summary>
    public int Slices { get; init; }

    /// <summary>Slices that were crawled to their end.</summary>
    public int SlicesDone { get; init; }

    /// <summary>Edges that have a slice now; one for a node while it crawls.</summary>
    public int Edges { get; init; }

    /// <summary>Datagrams sent so far, retries among them.</summary>
    public long Datagrams { get; init; }

    /// <summary>What was counted so far.</summary>
    public CrawlCounts Counts { get; init; }

    /// <summary>What was found, with at most 100 examples of each kind of suspicious ids; null while it runs.</summary>
    public CrawlSummary? Summary { get; init; }

    /// <summary>What changed since the last finished crawl before; null if there is none, while it runs, and if it did not finish.</summary>
    public CrawlChange? Change { get; init; }

    /// <summary>How long nodes stay, by the kept crawls up to this one; null if they cannot tell.</summary>
    public SessionLengths? Sessions { get; init; }

    /// <summary>Why it failed or was stopped, in one sentence; null if it was not.</summary>
    public string? Problem { get; init; }

    // It begins later than the last one, even if the clock was set back: names are in the order of the crawls.
    internal static CrawlReport Begin(CrawlReport? last, DateTimeOffset now, int rate, int maxNodes, int slices)
    {
        var start = last is not null && string.CompareOrdinal(NameOf(now), last.Id) <= 0 ? last.StartedAt.AddMilliseconds(1) : now;
        return new CrawlReport
        {
            Id = NameOf(start),
            Phase = CrawlPhase.Running,
            StartedAt = start,
            Rate = rate,
            MaxNodes = maxNodes,
            Slices = slices,
        };
    }

    // The report of a crawl that ends, and the records with Since. A finished one without a node has failed. Kept crawls come
    // oldest first. The former records are those of the last one that finished.
    internal (CrawlReport Report, IReadOnlyList<CrawlRecord> Records) End(
        CrawlPhase phase, IReadOnlyList<CrawlRecord> found, IEnumerable<CrawlReport> kept, IEnumerable<CrawlRecord> former, DateTimeOffset now)
    {
        phase = phase == CrawlPhase.Finished && !found.Any(record => record.IsReachable) ? CrawlPhase.Failed : phase;
        var ended = this with
        {
            Phase = phase,
            EndedAt = now,
            Edges = 0,
            Summary = CrawlSummary.Of(found).Shorten(),
            Problem = phase == CrawlPhase.Failed ? "No node answered." : null,
        };
        if (phase != CrawlPhase.Finished)
        {
            return (ended, found);
        }

        var finished = kept.Where(crawl => crawl.Phase == CrawlPhase.Finished).ToList();
        var (records, change) = CrawlChange.Compare(finished, former, found, StartedAt);
        ended = ended with { Change = change };
        return (ended with { Sessions = SessionLengths.Of([.. finished, ended]) }, records);
    }

    internal static string NameOf(DateTimeOffset startedAt) =>
        startedAt.ToUniversalTime().ToString("yyyyMMdd'T'HHmmssfff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    internal static bool IsName(string? text) =>
        text is { Length: 19 } && text[8] == 'T' && text[18] == 'Z' && text.Where((_, i) => i is not (8 or 18)).All(char.IsAsciiDigit);
}

/// <summary>Whether a crawl runs, and how it ended.</summary>
public enum CrawlPhase
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>It came to its end.</summary>
    Finished,

    /// <summary>Somebody stopped it, or its process ended. Its results so far are kept.</summary>
    Stopped,

    /// <summary>It could not begin or go on.</summary>
    Failed,
}

/// <summary>The progress of a crawl.</summary>
/// <param name="Reachable">Nodes that answered.</param>
/// <param name="Visited">The reachable nodes whose contacts were read.</param>
/// <param name="Waiting">Endpoints that have neither answered a ping nor failed yet.</param>
/// <param name="Unreachable">Endpoints that did not answer.</param>
/// <param name="NotNodes">Endpoints that answered without an id.</param>
/// <param name="Refused">Contacts at addresses that no host can have, or that the node that named them cannot know.</param>
/// <param name="Overflow">Contacts ignored: beyond <see cref="CrawlReport.MaxNodes"/> endpoints, or 2,048 of one public network (/24 or /48).</param>
public readonly record struct CrawlCounts(
    int Reachable, int Visited, int Waiting, int Unreachable, int NotNodes, long Refused, long Overflow);

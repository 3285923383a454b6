namespace KadOrleans.Core;

internal sealed class CrawledNode(CrawlRecord record, CrawledNode? namer)
{
    // A few show that something is wrong; liars could name any number.
    public const int MaxClaimedIds = 8;

    public CrawlRecord Record { get; set; } = record;

    public UdpEndpoint Endpoint => Record.Endpoint;

    /// <summary>Null for a node that the crawl began with.</summary>
    public CrawledNode? Namer => namer;

    public int Failures { get; set; }

    public TableWalk? Walk { get; set; }

    /// <summary>Endpoints that it named first and that have not been asked to the end.</summary>
    public int Pending { get; set; }

    /// <summary>Endpoints that it named first and where no node answers.</summary>
    public int Dead { get; set; }

    /// <summary>Whether its walk waits for what becomes of the contacts it named.</summary>
    public bool IsPaused { get; set; }

    public void Claim(NodeId id)
    {
        if (id != Record.Id && Record.ClaimedIds.Count < MaxClaimedIds && !Record.ClaimedIds.Contains(id))
        {
            Record = Record with { ClaimedIds = [.. Record.ClaimedIds, id] };
        }
    }

    public void Measure(TimeSpan roundTrip)
    {
        Failures = 0;
        if (Record.RoundTrip is not { } shortest || roundTrip < shortest)
        {
            Record = Record with { RoundTrip = roundTrip };
        }
    }
}

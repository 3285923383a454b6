namespace KadOrleans.Core.Crawling;

/// <summary>What a crawl says of a network as a whole.</summary>
public sealed record CrawlSummary
{
    /// <summary>Endpoints where a node answered.</summary>
    public required int Nodes { get; init; }

    /// <summary>Nodes whose whole table was named.</summary>
    public required int Complete { get; init; }

    /// <summary>Endpoints that were named, and where nobody answered.</summary>
    public required int Unreachable { get; init; }

    /// <summary>Endpoints that answered without an id.</summary>
    public required int NotNodes { get; init; }

    /// <summary>Endpoints that were not asked to the end: the crawl was stopped.</summary>
    public required int Unfinished { get; init; }

    /// <summary>Different ids of nodes.</summary>
    public required int Ids { get; init; }

    /// <summary>Different IP addresses of nodes.</summary>
    public required int Addresses { get; init; }

    /// <summary>Round trips in milliseconds; null without nodes.</summary>
    public required Quantiles? RoundTrips { get; init; }

    /// <summary>Contacts named per node; null without nodes.</summary>
    public required Quantiles? Contacts { get; init; }

    /// <summary>How evenly the ids are spread; null with fewer than 20.</summary>
    public required PrefixBalance? Balance { get; init; }

    /// <summary>Ids that answer at several endpoints, with those.</summary>
    public required IReadOnlyList<(NodeId Id, IReadOnlyList<UdpEndpoint> Endpoints)> DuplicateIds { get; init; }

    /// <summary>Nodes that others name under an id that is not theirs.</summary>
    public required IReadOnlyList<CrawlRecord> SeveralIds { get; init; }

    /// <summary>The share of endpoints that do not answer, 0 to 1, of those that do or do not.</summary>
    public double UnreachableShare => Nodes + Unreachable == 0 ? 0 : (double)Unreachable / (Nodes + Unreachable);

    /// <summary>Sums up what is known of each endpoint.</summary>
    public static CrawlSummary Of(IReadOnlyCollection<CrawlRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        var nodes = records.Where(r => r.IsReachable).ToList();
        var byId = nodes.ToLookup(r => r.Id!.Value, r => r.Endpoint);
        return new CrawlSummary
        {
            Nodes = nodes.Count,
            Complete = nodes.Count(r => r.IsComplete),
            Unreachable = records.Count(r => r.State == CrawlState.Unreachable),
            NotNodes = records.Count(r => r.State == CrawlState.NotANode),
            Unfinished = records.Count(r => r.State is CrawlState.Waiting or CrawlState.Visiting),
            Ids = byId.Count,
            Addresses = nodes.Select(r => r.Endpoint.WithPort(1)).Distinct().Count(),
            RoundTrips = Quantiles.Of(nodes.Where(r => r.RoundTrip is not null).Select(r => r.RoundTrip!.Value.TotalMilliseconds)),
            Contacts = Quantiles.Of(nodes.Where(r => r.State == CrawlState.Visited).Select(r => (double)r.Contacts)),
            Balance = PrefixBalance.Of([.. byId.Select(g => g.Key)]),
            DuplicateIds = [.. byId.Where(g => g.Count() > 1).OrderBy(g => g.Key).Select(g => (g.Key, (IReadOnlyList<UdpEndpoint>)[.. g]))],
            SeveralIds = [.. nodes.Where(r => r.ClaimedIds.Count > 0).OrderBy(r => r.Id!.Value)],
        };
    }
}

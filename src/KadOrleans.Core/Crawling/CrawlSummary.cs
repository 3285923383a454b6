using System.Text;

namespace KadOrleans.Core;

/// <summary>A crawl's summary of the network.</summary>
public sealed record CrawlSummary
{
    // A liar can make any number of both.
    private const int MaxExamples = 100;
    private const int MaxEndpoints = 8;

    /// <summary>Endpoints where a node answered.</summary>
    public required int Nodes { get; init; }

    /// <summary>Nodes whose whole table was named.</summary>
    public required int Complete { get; init; }

    /// <summary>Endpoints that were named and did not answer.</summary>
    public required int Unreachable { get; init; }

    /// <summary>Endpoints that answered without an id.</summary>
    public required int NotNodes { get; init; }

    /// <summary>Endpoints with which the crawl was not done when it was stopped.</summary>
    public required int Unfinished { get; init; }

    /// <summary>Different ids of nodes.</summary>
    public required int Ids { get; init; }

    /// <summary>Different IP addresses of nodes.</summary>
    public required int Addresses { get; init; }

    /// <summary>Different networks (/24 or /48) of nodes. One host can answer at any number of ports.</summary>
    public int Networks { get; init; }

    /// <summary>Round trips in milliseconds; null without nodes.</summary>
    public required Quantiles? RoundTrips { get; init; }

    /// <summary>Contacts named per node; null without nodes.</summary>
    public required Quantiles? Contacts { get; init; }

    /// <summary>How evenly the ids are spread; null with fewer than 20.</summary>
    public required PrefixBalance? Balance { get; init; }

    /// <summary>Nodes by how they write addresses.</summary>
    public required IReadOnlyList<FormCount> Forms { get; init; }

    /// <summary>How many ids answer at several endpoints.</summary>
    public required int DuplicateIdCount { get; init; }

    /// <summary>Ids that answer at several endpoints, with those: all of them, or the first of a kept crawl.</summary>
    public required IReadOnlyList<DuplicateId> DuplicateIds { get; init; }

    /// <summary>How many nodes others name under an id that is not theirs.</summary>
    public required int SeveralIdsCount { get; init; }

    /// <summary>Nodes that others name under an id that is not theirs: all of them, or the first of a kept crawl.</summary>
    public required IReadOnlyList<CrawlRecord> SeveralIds { get; init; }

    /// <summary>The share of endpoints that do not answer, 0 to 1, of those that do or do not.</summary>
    public double UnreachableShare => Nodes + Unreachable == 0 ? 0 : (double)Unreachable / (Nodes + Unreachable);

    internal static CrawlSummary Of(IReadOnlyCollection<CrawlRecord> records)
    {
        var nodes = records.Where(r => r.IsReachable).ToList();
        var byId = nodes.ToLookup(r => r.Id!.Value, r => r.Endpoint);
        var duplicates = byId.Where(g => g.Count() > 1).OrderBy(g => g.Key).Select(g => new DuplicateId(g.Key, [.. g])).ToList();
        var several = nodes.Where(r => r.ClaimedIds.Count > 0).OrderBy(r => r.Id!.Value).ToList();
        return new CrawlSummary
        {
            Nodes = nodes.Count,
            Complete = nodes.Count(r => r.IsComplete),
            Unreachable = records.Count(r => r.State == CrawlState.Unreachable),
            NotNodes = records.Count(r => r.State == CrawlState.NotANode),
            Unfinished = records.Count(r => r.State is CrawlState.Waiting or CrawlState.Visiting),
            Ids = byId.Count,
            Addresses = nodes.Select(r => r.Endpoint.WithPort(1)).Distinct().Count(),
            Networks = nodes.Select(r => SourceNetwork.SubnetOf(r.Endpoint)).Distinct().Count(),
            RoundTrips = Quantiles.Of(nodes.Where(r => r.RoundTrip is not null).Select(r => r.RoundTrip!.Value.TotalMilliseconds)),
            Contacts = Quantiles.Of(nodes.Where(r => r.State == CrawlState.Visited).Select(r => (double)r.Contacts)),
            Balance = PrefixBalance.Of([.. byId.Select(g => g.Key)]),
            Forms = [.. nodes.GroupBy(r => r.Form).OrderBy(g => g.Key).Select(g => new FormCount(g.Key, g.Count()))],
            DuplicateIdCount = duplicates.Count,
            DuplicateIds = duplicates,
            SeveralIdsCount = several.Count,
            SeveralIds = several,
        };
    }

    internal CrawlSummary Shorten() => this with
    {
        DuplicateIds = [.. DuplicateIds.Take(MaxExamples).Select(d => d with { Endpoints = [.. d.Endpoints.Take(MaxEndpoints)] })],
        SeveralIds = [.. SeveralIds.Take(MaxExamples)],
    };

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>Nodes that write addresses in one form.</summary>
/// <param name="Form">The form.</param>
/// <param name="Nodes">How many.</param>
public sealed record FormCount(AddressForm Form, int Nodes);

/// <summary>An id that answers at several endpoints.</summary>
/// <param name="Id">The id.</param>
/// <param name="Endpoints">Where, or the first of them in a kept crawl.</param>
public sealed record DuplicateId(NodeId Id, IReadOnlyList<UdpEndpoint> Endpoints)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

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
}

/// <summary>Nodes that write addresses in one form.</summary>
/// <param name="Form">The form.</param>
/// <param name="Nodes">How many.</param>
public sealed record FormCount(AddressForm Form, int Nodes);

/// <summary>An id that answers at several endpoints.</summary>
/// <param name="Id">The id.</param>
/// <param name="Endpoints">Where, or the first of them in a kept crawl.</param>
public sealed record DuplicateId(NodeId Id, IReadOnlyList<UdpEndpoint> Endpoints);

/// <summary>How a measure is spread over the nodes.</summary>
/// <param name="Least">The lowest.</param>
/// <param name="P10">A tenth are at or below it.</param>
/// <param name="P50">The median.</param>
/// <param name="P90">Nine tenths are at or below it.</param>
/// <param name="P99">All but one of a hundred are at or below it.</param>
/// <param name="Most">The highest.</param>
public sealed record Quantiles(double Least, double P10, double P50, double P90, double P99, double Most)
{
    internal static Quantiles? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? null : new Quantiles(sorted[0], At(0.1), At(0.5), At(0.9), At(0.99), sorted[^1]);

        double At(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}

/// <summary>How evenly ids are spread over the space, by their first bits: a chi-square test against an even spread.</summary>
/// <param name="Bits">How many first bits were compared.</param>
/// <param name="ChiSquare">The sum of squared deviations over the expected count.</param>
/// <param name="Probability">The probability, 0 to 1, that an even spread deviates as much or more.</param>
/// <param name="Fullest">The prefix with the most ids, as bits.</param>
/// <param name="FullestRatio">Its ids over its even share.</param>
/// <param name="Emptiest">The prefix with the fewest ids, as bits.</param>
/// <param name="EmptiestRatio">Its ids over its even share.</param>
public sealed record PrefixBalance(
    int Bits,
    double ChiSquare,
    double Probability,
    string Fullest,
    double FullestRatio,
    string Emptiest,
    double EmptiestRatio)
{
    /// <summary>With fewer on average, the test says nothing.</summary>
    internal const int LeastPerPrefix = 10;

    // More prefixes would show no pattern that a person can act on.
    private const int MaxBits = 8;

    internal static PrefixBalance? Of(IReadOnlyCollection<NodeId> ids)
    {
        var bits = 0;
        while (bits < MaxBits && ids.Count >> (bits + 1) >= LeastPerPrefix)
        {
            bits++;
        }

        if (bits == 0)
        {
            return null;
        }

        var counts = new int[1 << bits];
        foreach (var id in ids)
        {
            counts[id.FirstBits(bits)]++;
        }

        var expected = (double)ids.Count / counts.Length;
        var chiSquare = counts.Sum(c => (c - expected) * (c - expected)) / expected;
        var (fullest, emptiest) = (Array.IndexOf(counts, counts.Max()), Array.IndexOf(counts, counts.Min()));
        return new PrefixBalance(
            bits,
            chiSquare,
            UpperTail(chiSquare, counts.Length - 1),
            Format(fullest),
            counts[fullest] / expected,
            Format(emptiest),
            counts[emptiest] / expected);

        string Format(int prefix) => Convert.ToString(prefix, 2).PadLeft(bits, '0');
    }

    /// <summary>By the normal approximation of Wilson and Hilferty (1931).</summary>
    private static double UpperTail(double value, int freedom)
    {
        var variance = 2.0 / (9 * freedom);
        var z = (Math.Cbrt(value / freedom) - (1 - variance)) / Math.Sqrt(variance);
        return z < 0 ? 1 - NormalTail(-z) : NormalTail(z);
    }

    // Abramowitz and Stegun, 26.2.17: off by less than 1e-7.
    private static double NormalTail(double z)
    {
        var t = 1 / (1 + (0.2316419 * z));
        var polynomial = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * polynomial;
    }
}

// A crawl's endpoints by the next two digits of their ids after a prefix, and listed where they are few. Not thread-safe.
internal sealed class CrawlMap
{
    public const int Pieces = 256;

    public const int LongestPrefix = (NodeId.Length * 2) - 2;

    public const int MostNodes = 200;

    private readonly string _prefix;
    private readonly List<CrawlRecord> _nodes = [];
    private int _count;

    public CrawlMap(string prefix)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefix.Length, LongestPrefix);
        _prefix = prefix.ToLowerInvariant();
    }

    public int[] Reachable { get; } = new int[Pieces];

    public int[] Unreachable { get; } = new int[Pieces];

    public IReadOnlyList<CrawlRecord>? Nodes => _count > MostNodes ? null : [.. _nodes.OrderBy(record => record.Place)];

    public void Add(CrawlRecord record)
    {
        if ((!record.IsReachable && record.State != CrawlState.Unreachable)
            || record.Place?.ToString() is not { } id
            || !id.StartsWith(_prefix, StringComparison.Ordinal))
        {
            return;
        }

        var piece = int.Parse(id.AsSpan(_prefix.Length, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        (record.IsReachable ? Reachable : Unreachable)[piece]++;
        if (++_count <= MostNodes)
        {
            _nodes.Add(record);
        }
    }
}

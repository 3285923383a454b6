using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Crawling;

/// <summary>Divides the id space into slices of one size, which are crawled separately. A slice is the ids with one prefix.</summary>
internal static class CrawlSlices
{
    /// <summary>The longest prefix: 1,024 slices.</summary>
    public const int MaxDepth = 10;

    /// <summary>
    /// Nodes of a slice, some. In a smaller slice each node names fewer contacts, so it takes fewer queries. But each slice begins with
    /// lookups, which cost as much as ten of its nodes.
    /// </summary>
    private const double NodesPerSlice = 128;

    /// <summary>Slices per edge, at least, so that edges of different speed end together.</summary>
    private const int SlicesPerEdge = 4;

    public static int DepthFor(double? networkSize, int edges)
    {
        var wanted = Math.Max(SlicesPerEdge * Math.Max(1, edges), (networkSize ?? 0) / NodesPerSlice);
        return (int)Math.Clamp(Math.Ceiling(Math.Log2(wanted)), 0, MaxDepth);
    }

    /// <summary>The ids of a slice: 0 to 2^<paramref name="depth"/> - 1, in the order of the ids.</summary>
    public static BucketRange RangeOf(int slice, int depth)
    {
        var prefix = NodeId.MinValue;
        for (var bit = 0; bit < depth; bit++)
        {
            prefix = prefix.WithBit(bit, ((slice >> (depth - 1 - bit)) & 1) == 1);
        }

        return new BucketRange(prefix, depth);
    }
}

/// <summary>
/// Puts the slices of a crawl together, each endpoint once. An endpoint is in several slices if nodes name it under several ids. Then it
/// counts as the slice of the id that it answered with found it, or the first one.
/// </summary>
internal static class CrawlMerge
{
    /// <summary>Merges what each slice found. There are 2^<paramref name="depth"/>, in the order of their ids.</summary>
    public static IReadOnlyList<CrawlRecord> Merge(IEnumerable<IReadOnlyList<CrawlRecord>> slices, int depth)
    {
        var best = new Dictionary<UdpEndpoint, (int Rank, CrawlRecord Record)>();
        foreach (var (slice, records) in slices.Index())
        {
            var range = CrawlSlices.RangeOf(slice, depth);
            foreach (var record in records)
            {
                var rank = Rank(record, range);
                best[record.Endpoint] = !best.TryGetValue(record.Endpoint, out var other) ? (rank, record)
                    : rank > other.Rank ? (rank, Join(record, other.Record))
                    : (other.Rank, Join(other.Record, record));
            }
        }

        return [.. best.Values.Select(found => found.Record)];
    }

    // An answer counts more than silence, and in its own slice the table was read.
    private static int Rank(CrawlRecord record, BucketRange range) =>
        !record.IsReachable ? record.State == CrawlState.NotANode ? 1 : 0 : range.Contains(record.Id!.Value) ? 3 : 2;

    private static CrawlRecord Join(CrawlRecord record, CrawlRecord other) => record with
    {
        ClaimedIds =
        [
            .. record.ClaimedIds.Concat(other.ClaimedIds).Concat(other.Id is { } id ? [id] : [])
                .Where(claimed => claimed != record.Id).Distinct().Take(CrawledNode.MaxClaimedIds),
        ],
    };
}

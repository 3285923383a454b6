namespace KadOrleans.Core.Crawling;

/// <summary>
/// Puts the slices of a crawl together, each endpoint once. An endpoint is in several slices if nodes name it under several ids. Then it
/// belongs to the slice of the id that it answered with, or to the first one.
/// </summary>
internal static class CrawlMerge
{
    /// <summary>The slices without the records that belong to others.</summary>
    /// <param name="slices">What the slices found, 2^<paramref name="depth"/> in the order of their ids.</param>
    /// <param name="depth">The length of their prefixes.</param>
    public static IReadOnlyList<IReadOnlyList<CrawlRecord>> Merge(IReadOnlyList<IReadOnlyList<CrawlRecord>> slices, int depth)
    {
        var places = new Dictionary<UdpEndpoint, (int Slice, CrawlRecord Record)>();
        for (var slice = 0; slice < slices.Count; slice++)
        {
            var range = CrawlSlices.RangeOf(slice, depth);
            foreach (var record in slices[slice])
            {
                if (!places.TryGetValue(record.Endpoint, out var other))
                {
                    places.Add(record.Endpoint, (slice, record));
                    continue;
                }

                var isBetter = Rank(record, range.Contains) > Rank(other.Record, CrawlSlices.RangeOf(other.Slice, depth).Contains);
                var (better, worse) = isBetter ? (record, other.Record) : (other.Record, record);
                places[record.Endpoint] = (isBetter ? slice : other.Slice, Join(better, worse));
            }
        }

        var merged = slices.Select(_ => new List<CrawlRecord>()).ToList();
        foreach (var (slice, record) in places.Values)
        {
            merged[slice].Add(record);
        }

        return merged;
    }

    // An answer counts more than silence, and in its own slice the table was read.
    private static int Rank(CrawlRecord record, Func<NodeId, bool> isIn) =>
        !record.IsReachable ? record.State == CrawlState.NotANode ? 1 : 0 : isIn(record.Id!.Value) ? 3 : 2;

    private static CrawlRecord Join(CrawlRecord record, CrawlRecord other) => record with
    {
        ClaimedIds =
        [
            .. record.ClaimedIds.Concat(other.ClaimedIds).Concat(other.Id is { } id ? [id] : [])
                .Where(claimed => claimed != record.Id).Distinct().Take(CrawledNode.MaxClaimedIds),
        ],
    };
}

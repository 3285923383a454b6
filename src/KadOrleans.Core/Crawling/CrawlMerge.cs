namespace KadOrleans.Core;

// Merges slices, each endpoint once: as the slice of its own id found it, or the first one.
internal static class CrawlMerge
{
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

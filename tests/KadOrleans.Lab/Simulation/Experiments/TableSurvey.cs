namespace KadOrleans.Lab;

internal static class TableSurvey
{
    private const int MaxSampled = 1_000;

    public static async Task<TableFill> RunAsync(Population population, int bucketSize)
    {
        var step = Math.Max(1, population.Live.Count / MaxSampled);
        var counts = new List<double>();
        var buckets = new List<BucketSummary>();
        for (var i = 0; i < population.Live.Count && counts.Count < MaxSampled; i += step)
        {
            var table = await population.Live[i].DescribeAsync();
            counts.Add(table.Sum(b => b.Count));
            buckets.AddRange(table);
        }

        var byDepth = from bucket in buckets
                      group bucket by bucket.Depth into same
                      orderby same.Key
                      select new DepthFill(
                          same.Key, same.Count() / (double)counts.Count, same.Average(b => b.Count), FullShare(same));
        return new TableFill(counts.Count, Distribution.Of(counts), FullShare(buckets), [.. byDepth]);

        double FullShare(IEnumerable<BucketSummary> some) =>
            some.Select(b => b.Count >= bucketSize ? 1.0 : 0).DefaultIfEmpty().Average();
    }
}

/// <summary>How full routing tables are, over a sample of the honest nodes that answer, and by depth, shortest first.</summary>
public sealed record TableFill(int Sampled, Distribution Contacts, double FullShare, IReadOnlyList<DepthFill> ByDepth);

/// <summary>The k-buckets of one prefix length: how many a table has, the contacts of each, and the share that is full.</summary>
public readonly record struct DepthFill(int Depth, double Buckets, double Contacts, double FullShare);

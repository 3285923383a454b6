namespace KadOrleans.Testing;

/// <summary>Looks at routing tables.</summary>
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

/// <summary>How full routing tables are, over a sample of the honest nodes that answer.</summary>
/// <param name="Sampled">Tables looked at.</param>
/// <param name="Contacts">Contacts per table.</param>
/// <param name="FullShare">Share of the k-buckets that hold k contacts.</param>
/// <param name="ByDepth">The same by the prefix length of the buckets, shortest first.</param>
public sealed record TableFill(int Sampled, Distribution Contacts, double FullShare, IReadOnlyList<DepthFill> ByDepth);

/// <summary>The k-buckets of one prefix length.</summary>
/// <param name="Depth">How many leading bits the ids of such a bucket share.</param>
/// <param name="Buckets">Such buckets per table.</param>
/// <param name="Contacts">Contacts per bucket.</param>
/// <param name="FullShare">Share of them that hold k contacts.</param>
public readonly record struct DepthFill(int Depth, double Buckets, double Contacts, double FullShare);

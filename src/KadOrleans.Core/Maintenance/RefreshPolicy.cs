namespace KadOrleans.Core;

// Buckets without a lookup for the interval are due (Kademlia §2.3). Each bucket of each node comes up to a quarter early, so
// that nodes that started together do not always refresh together.
internal sealed class RefreshPolicy(NodeId ownId, TimeSpan interval)
{
    // Enough for a network of 2^32 nodes. A liar who claims an id next to ours must not make it 160.
    public const int MaxJoinBuckets = 32;

    private const double EarliestShare = 0.25;

    // Of a schedule whose checks cost an activation: reminders of Orleans, which come once a minute at most.
    private const int ChecksPerInterval = 6;
    private static readonly TimeSpan LongestCheck = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ShortestCheck = TimeSpan.FromMinutes(1);

    public IReadOnlyList<BucketRange> GetDueBuckets(IReadOnlyList<BucketSummary> buckets, DateTimeOffset now) =>
        [.. buckets.Where(bucket => now.Since(bucket.LastLookup) >= GetDueAge(bucket.Range)).Select(bucket => bucket.Range)];

    /// <summary>How often such a schedule checks. Once per interval, a check just before a bucket is due would delay it by the whole interval.</summary>
    public static TimeSpan GetCheckPeriod(TimeSpan interval) =>
        TimeSpan.FromTicks(Math.Clamp(interval.Ticks / ChecksPerInterval, ShortestCheck.Ticks, LongestCheck.Ticks));

    public TimeSpan GetDueAge(BucketRange range) => interval * (1 - (EarliestShare * Fraction(range)));

    // The buckets to refresh after a join: the paper's k-buckets farther away than the nearest neighbour's (Kademlia §2.3), the
    // farthest first. The table's own buckets are hardly split yet.
    public static IReadOnlyList<BucketRange> GetJoinBuckets(NodeId ownId, NodeId nearest) =>
        GetFarthest(ownId, ownId.CommonPrefixLength(nearest));

    /// <summary>The buckets that reach farther than a contact, its own among them, the farthest first.</summary>
    public static IReadOnlyList<BucketRange> GetBucketsBeyond(NodeId ownId, NodeId contact) =>
        GetFarthest(ownId, ownId.CommonPrefixLength(contact) + 1);

    private static BucketRange[] GetFarthest(NodeId ownId, int count) =>
        [.. Enumerable.Range(0, Math.Min(count, MaxJoinBuckets)).Select(bit => new BucketRange(ownId.WithBit(bit, !ownId.GetBit(bit)), bit + 1))];

    /// <summary>A number from 0 to 1 that differs from node to node and from bucket to bucket, and stays the same.</summary>
    private double Fraction(BucketRange range)
    {
        Span<byte> bytes = stackalloc byte[(NodeId.Length * 2) + 1];
        ownId.CopyTo(bytes);
        range.Prefix.CopyTo(bytes[NodeId.Length..]);
        bytes[^1] = (byte)range.Depth;
        return NodeId.FromKey(bytes).ToFraction();
    }
}

/// <summary>Decides when a table is due for a random walk: at an interval, and at once when it has too few contacts.</summary>
internal sealed class RandomWalkPolicy(TimeSpan interval, int minTableSize)
{
    /// <summary>Doubles up to the interval. Without it a node whose network is that small would walk without end.</summary>
    public static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan CheckPause = TimeSpan.FromSeconds(10);

    /// <summary>A walk may come early by this share of the interval, so that nodes do not walk together.</summary>
    private const double EarliestShare = 0.1;

    public bool IsSmall(int tableSize) => tableSize < minTableSize;

    /// <summary>Never for an empty table: there is nobody to query.</summary>
    public bool IsDue(int tableSize, TimeSpan? sinceLast, double earliness = 0) =>
        tableSize > 0 && (IsSmall(tableSize) || sinceLast is null || sinceLast >= interval * (1 - (EarliestShare * earliness)));

    public TimeSpan GetPause(int tableSize, int fruitless)
    {
        // A check of an empty table costs nothing, and the first contact should not wait.
        var check = CheckPause < interval ? CheckPause : interval;
        var longest = tableSize == 0 ? check : interval;
        var backOff = FirstBackOff * Math.Pow(2, Math.Min(fruitless - 1, 30));
        return fruitless == 0 ? check : backOff < longest ? backOff : longest;
    }
}

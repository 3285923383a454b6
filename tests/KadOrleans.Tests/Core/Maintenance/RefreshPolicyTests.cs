namespace KadOrleans.Tests.Core;

public sealed class RefreshPolicyTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NodeId Own = NodeId.FromKey("own");

    private readonly RefreshPolicy _policy = new(Own, Hour);

    [Fact]
    public void A_bucket_is_due_once_its_own_dueAge_is_over_and_after_an_hour_at_the_latest()
    {
        foreach (var range in Ranges(Own))
        {
            var dueAge = _policy.GetDueAge(range);
            Assert.InRange(dueAge, 0.75 * Hour, Hour);
            Assert.Empty(_policy.GetDueBuckets([Bucket(range)], Start + dueAge - TimeSpan.FromTicks(1)));
            Assert.Equal([range], _policy.GetDueBuckets([Bucket(range)], Start + dueAge));
        }
    }

    [Fact]
    public void A_bucket_that_was_looked_up_by_a_clock_that_was_ahead_is_due()
    {
        var range = Ranges(Own).First();

        Assert.Equal([range], _policy.GetDueBuckets([Bucket(range) with { LastLookup = Start + (24 * Hour) }], Start));
    }

    [Fact]
    public void Nodes_that_were_started_together_do_not_refresh_together()
    {
        const int Nodes = 1_000;
        var quarters = new int[4];
        for (var i = 0; i < Nodes; i++)
        {
            var dueAge = new RefreshPolicy(NodeId.FromKey($"node {i}"), Hour).GetDueAge(BucketRange.Whole);
            quarters[Math.Min(3, (int)((Hour - dueAge) / (0.25 * Hour) * 4))]++;
        }

        Assert.All(quarters, count => Assert.InRange(count, Nodes / 5, Nodes * 3 / 10));
    }

    [Fact]
    public void The_buckets_of_a_node_do_not_come_together_and_each_keeps_its_time()
    {
        var ages = Ranges(Own).Select(_policy.GetDueAge).ToList();

        Assert.Equal(ages.Count, ages.Distinct().Count());
        Assert.Equal(ages, Ranges(Own).Select(new RefreshPolicy(Own, Hour).GetDueAge));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(9, 9)]
    [InlineData(159, RefreshPolicy.MaxJoinBuckets)]
    public void A_join_refreshes_the_buckets_further_away_than_the_nearest_neighbour(int shared, int count)
    {
        var nearest = Own.WithBit(shared, !Own.GetBit(shared));

        var buckets = RefreshPolicy.GetJoinBuckets(Own, nearest);

        Assert.Equal(count, buckets.Count);
        for (var bit = 0; bit < count; bit++)
        {
            Assert.Equal(bit + 1, buckets[bit].Depth);
            Assert.Equal(bit, Own.CommonPrefixLength(buckets[bit].Prefix));
            Assert.False(buckets[bit].Contains(nearest));
        }

        // The k-th nearest contact's own bucket has farther ones too.
        var beyond = RefreshPolicy.GetBucketsBeyond(Own, nearest);
        Assert.Equal(Math.Min(shared + 1, RefreshPolicy.MaxJoinBuckets), beyond.Count);
        Assert.Equal(buckets, beyond.Take(count));
        Assert.Equal(shared < RefreshPolicy.MaxJoinBuckets, beyond[^1].Contains(nearest));
    }

    private static IEnumerable<BucketRange> Ranges(NodeId id) => Enumerable.Range(0, 40).Select(depth => new BucketRange(id, depth));

    private static BucketSummary Bucket(BucketRange range) => new(range.Prefix, range.Depth, 1, 0, Start);
}

public sealed class RandomWalkPolicyTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(300);

    private readonly RandomWalkPolicy _policy = new(Interval, minTableSize: 4);

    [Theory]
    [InlineData(4, null, 0, true)]
    [InlineData(4, 299.99, 0, false)]
    [InlineData(4, 300.0, 0, true)]
    [InlineData(3, 0.0, 0, true)]
    [InlineData(1, 0.0, 0, true)]
    [InlineData(0, null, 0, false)]
    [InlineData(0, 300.0, 0, false)]
    [InlineData(4, 270.0, 1, true)]
    [InlineData(4, 269.0, 1, false)]
    [InlineData(4, 270.0, 0.5, false)]
    public void A_table_is_due_at_the_interval_or_a_tenth_earlier_a_small_one_at_once_and_an_empty_one_never(
        int tableSize, double? seconds, double earliness, bool expected) =>
        Assert.Equal(expected, _policy.IsDue(tableSize, seconds is { } since ? TimeSpan.FromSeconds(since) : null, earliness));

    [Fact]
    public void Pauses_in_vain_grow_from_a_second_to_the_interval()
    {
        Assert.Equal(
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300],
            Enumerable.Range(1, 11).Select(fruitless => _policy.GetPause(tableSize: 2, fruitless).TotalSeconds));
        Assert.Equal(300, _policy.GetPause(tableSize: 2, int.MaxValue).TotalSeconds);
    }

    [Fact]
    public void Losses_and_first_contacts_are_noticed_soon()
    {
        Assert.Equal(RandomWalkPolicy.CheckPause, _policy.GetPause(tableSize: 50, fruitless: 0));
        Assert.Equal(RandomWalkPolicy.CheckPause, _policy.GetPause(tableSize: 0, fruitless: 20));
        Assert.Equal(TimeSpan.FromSeconds(2), new RandomWalkPolicy(TimeSpan.FromSeconds(2), 4).GetPause(50, 0));
    }
}

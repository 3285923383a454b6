namespace KadOrleans.Tests.Core;

public sealed class TokenBucketTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TokenRate Rate = new(2, 4);
    private static readonly TokenRate Quick = new(PerSecond: 10, Burst: 5);

    [Fact]
    public void No_stretch_of_time_sees_more_than_burst_and_rate() => Randomized.ForSeeds(200, random =>
    {
        var bucket = new TokenBucket(Quick, Samples.Now);
        var now = Samples.Now;
        var admitted = new List<DateTimeOffset>();
        for (var i = 0; i < 300; i++)
        {
            now = now.AddMilliseconds(random.Next(60));
            if (bucket.TryTake(Quick, now))
            {
                admitted.Add(now);
            }
        }

        for (var i = 0; i < admitted.Count; i++)
        {
            for (var j = i; j < admitted.Count; j++)
            {
                var allowed = Quick.Burst + ((admitted[j] - admitted[i]).TotalSeconds * Quick.PerSecond);
                Assert.True(j - i + 1 <= allowed + 1e-6);
            }
        }
    });

    /// <summary>In steps of half a second, each of which brings one token.</summary>
    [Fact]
    public void It_has_what_came_and_was_not_taken() => Randomized.ForSeeds(50, random =>
    {
        var (bucket, now, tokens) = (new TokenBucket(Rate, Start), Start, 4);
        for (var i = 0; i < 100; i++)
        {
            var (halves, amount) = (random.Next(4), random.Next(3));
            now += TimeSpan.FromSeconds(halves / 2.0);
            tokens = Math.Min(4, tokens + halves);

            Assert.Equal((tokens, tokens >= 1, tokens >= 4), (bucket.Count(Rate, now), bucket.HasToken(Rate, now), bucket.IsFull(Rate, now)));
            Assert.Equal(tokens >= amount, bucket.TryTake(Rate, now, amount));
            tokens -= tokens >= amount ? amount : 0;
        }
    });

    /// <summary>Calls may come in another order than their times, by less than a minute. A clock that was set back by more is believed.</summary>
    [Theory]
    [InlineData(-1, 2)]
    [InlineData(-60, 2)]
    [InlineData(-61, 4)]
    public void A_time_before_brings_nothing_twice(int seconds, double later)
    {
        var bucket = new TokenBucket(Rate, Start);
        Assert.True(bucket.TryTake(Rate, Start, 4));

        Assert.Equal(0, bucket.Count(Rate, Start.AddSeconds(seconds)));
        Assert.Equal(later == 2 ? 0 : 4, bucket.Count(Rate, Start.AddSeconds(Math.Min(0, seconds + 2))));
        Assert.Equal(later, bucket.Count(Rate, Start.AddSeconds(1)));
    }
}

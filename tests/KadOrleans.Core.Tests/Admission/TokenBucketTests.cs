using KadOrleans.Core.Admission;
using KadOrleans.Testing;

namespace KadOrleans.Core.Tests.Admission;

public class TokenBucketTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TokenRate Rate = new(PerSecond: 10, Burst: 5);

    [Fact]
    public void It_gives_the_burst_and_then_the_rate()
    {
        var bucket = new TokenBucket(Rate, Start);
        Assert.Equal(5, Take(ref bucket, 20, Start));
        Assert.Equal(0, Take(ref bucket, 1, Start.AddMilliseconds(99)));
        Assert.Equal(1, Take(ref bucket, 20, Start.AddMilliseconds(100)));
        Assert.Equal(2, Take(ref bucket, 20, Start.AddMilliseconds(300)));
        Assert.Equal(5, Take(ref bucket, 20, Start.AddHours(1)));
    }

    [Fact]
    public void It_is_full_again_once_the_burst_has_come_back()
    {
        var bucket = new TokenBucket(Rate, Start);
        Assert.True(bucket.IsFull(Rate, Start));
        Take(ref bucket, 5, Start);
        Assert.False(bucket.IsFull(Rate, Start.AddMilliseconds(499)));
        Assert.True(bucket.IsFull(Rate, Start.AddMilliseconds(500)));
    }

    [Fact]
    public void A_clock_set_back_gives_nothing_and_blocks_nothing()
    {
        var bucket = new TokenBucket(Rate, Start);
        Assert.Equal(3, Take(ref bucket, 3, Start));
        Assert.Equal(2, Take(ref bucket, 20, Start.AddDays(-1)));
        Assert.Equal(1, Take(ref bucket, 20, Start.AddDays(-1).AddMilliseconds(100)));
    }

    [Fact]
    public void No_stretch_of_time_sees_more_than_burst_and_rate() => Randomized.ForSeeds(200, random =>
    {
        var bucket = new TokenBucket(Rate, Start);
        var now = Start;
        var admitted = new List<DateTimeOffset>();
        for (var i = 0; i < 300; i++)
        {
            now = now.AddMilliseconds(random.Next(60));
            if (bucket.TryTake(Rate, now))
            {
                admitted.Add(now);
            }
        }

        for (var i = 0; i < admitted.Count; i++)
        {
            for (var j = i; j < admitted.Count; j++)
            {
                var allowed = Rate.Burst + ((admitted[j] - admitted[i]).TotalSeconds * Rate.PerSecond);
                Assert.True(j - i + 1 <= allowed + 1e-6);
            }
        }
    });

    private static int Take(ref TokenBucket bucket, int times, DateTimeOffset now)
    {
        var taken = 0;
        for (var i = 0; i < times; i++)
        {
            taken += bucket.TryTake(Rate, now) ? 1 : 0;
        }

        return taken;
    }
}

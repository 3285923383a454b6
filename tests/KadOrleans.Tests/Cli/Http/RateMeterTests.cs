using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

public sealed class RateMeterTests
{
    [Fact]
    public void A_rate_is_the_growth_since_the_oldest_sample_of_a_minute_and_without_one_there_is_none()
    {
        var time = new ManualTimeProvider();
        var meter = new RateMeter(time);
        var (none, empty) = meter.Read(Counts(5));
        Assert.Equal(TimeSpan.Zero, none);
        Assert.Empty(empty);
        meter.Add(Counts(100));
        time.Advance(TimeSpan.FromSeconds(10));

        var (over, perSecond) = meter.Read(Counts(130));
        Assert.Equal(TimeSpan.FromSeconds(10), over);
        Assert.Equal(3, perSecond["received"]);

        for (var i = 0; i < 100; i++)
        {
            meter.Add(Counts(i < 50 ? 0 : 10 * (i - 50)));
            time.Advance(RateMeter.Interval);
        }

        (over, perSecond) = meter.Read(Counts(500));
        Assert.Equal(TimeSpan.FromSeconds(65), over);
        Assert.Equal(2, perSecond["received"]);
    }

    private static Dictionary<string, long> Counts(long received) => new() { ["received"] = received };
}

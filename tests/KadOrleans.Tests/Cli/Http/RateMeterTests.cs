using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

public sealed class RateMeterTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void A_rate_is_the_growth_since_the_oldest_sample_and_without_one_there_is_none()
    {
        var meter = new RateMeter(_time);
        var (none, empty) = meter.Read(Counts(5));
        Assert.Equal(TimeSpan.Zero, none);
        Assert.Empty(empty);
        meter.Add(Counts(100));
        _time.Advance(TimeSpan.FromSeconds(10));

        var (over, perSecond) = meter.Read(Counts(130));
        Assert.Equal(TimeSpan.FromSeconds(10), over);
        Assert.Equal(3, perSecond["received"]);
    }

    [Fact]
    public void Samples_older_than_a_minute_no_longer_count()
    {
        var meter = new RateMeter(_time);
        for (var i = 0; i < 100; i++)
        {
            meter.Add(Counts(i < 50 ? 0 : 10 * (i - 50)));
            _time.Advance(RateMeter.Interval);
        }

        var (over, perSecond) = meter.Read(Counts(500));
        Assert.Equal(TimeSpan.FromSeconds(65), over);
        Assert.Equal(2, perSecond["received"]);
    }

    private static Dictionary<string, long> Counts(long received) => new() { ["received"] = received };
}

namespace KadOrleans.Tests.Core;

public sealed class SlidingAllowanceTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void In_no_hour_more_happens_than_is_allowed_and_what_did_not_happen_costs_nothing() => Randomized.ForSeeds(200, random =>
    {
        var most = random.Next(6);
        var allowance = new SlidingAllowance(most, Hour);
        var (now, happened, underWay) = (TimeSpan.Zero, new List<TimeSpan>(), 0);
        for (var step = 0; step < 300; step++)
        {
            now += TimeSpan.FromMinutes(random.Next(20));
            if (underWay > 0 && random.Next(2) == 0)
            {
                var hasHappened = random.Next(3) > 0;
                allowance.End(now, hasHappened);
                happened.AddRange(hasHappened ? [now] : []);
                underWay--;
                continue;
            }

            var isAllowed = allowance.TryBegin(now);
            Assert.Equal(happened.Count(time => now - time < Hour) + underWay < most, isAllowed);
            underWay += isAllowed ? 1 : 0;
        }

        Assert.All(happened, end => Assert.InRange(happened.Count(time => time <= end && end - time < Hour), 0, most));
    });

    /// <summary>A bucket that refills would allow twice as many in the hour around the moment when it was full.</summary>
    [Fact]
    public void After_a_pause_there_is_no_burst_beyond_the_bound()
    {
        var allowance = new SlidingAllowance(60, Hour);

        Assert.Equal(60, Take(TimeSpan.FromHours(9)));
        Assert.Equal(0, Take(TimeSpan.FromHours(10) - TimeSpan.FromTicks(1)));
        Assert.Equal(60, Take(TimeSpan.FromHours(10)));

        int Take(TimeSpan now)
        {
            var taken = 0;
            for (var i = 0; i < 1_000; i++)
            {
                if (allowance.TryBegin(now))
                {
                    allowance.End(now, hasHappened: true);
                    taken++;
                }
            }

            return taken;
        }
    }
}

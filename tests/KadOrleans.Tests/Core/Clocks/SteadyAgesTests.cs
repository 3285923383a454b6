namespace KadOrleans.Tests.Core;

public sealed class SteadyAgesTests
{
    private SteadyAges _ages = new(Samples.Now, TimeSpan.Zero);
    private TimeSpan _elapsed;
    private TimeSpan _ahead;

    private DateTimeOffset Wall => Samples.Now + _elapsed + _ahead;

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public void What_was_noted_before_the_clock_was_set_is_as_old_as_it_was(int hours)
    {
        Pass(30);
        var noted = Wall;
        Pass(40);
        Set(hours);
        Pass(10);

        Assert.Equal(TimeSpan.FromMinutes(50), AgeOf(noted));
        var after = Wall;
        Pass(20);
        Assert.Equal(TimeSpan.FromMinutes(20), AgeOf(after));
        Assert.Equal(TimeSpan.FromMinutes(70), AgeOf(noted));
        Assert.Equal(TimeSpan.FromMinutes(100) + TimeSpan.FromDays(2), AgeOf(Samples.Now - TimeSpan.FromDays(2)));
    }

    [Fact]
    public void A_clock_that_was_wrong_for_a_while_changes_no_age()
    {
        Pass(30);
        var (before, times) = (Wall, new List<(DateTimeOffset Noted, TimeSpan At)>());
        Pass(30);
        Set(5);
        for (var i = 0; i < 6; i++)
        {
            times.Add((Wall, _elapsed));
            Pass(20);
        }

        Set(-5);
        Pass(20);
        Assert.Equal(TimeSpan.FromMinutes(170), AgeOf(before));
        Assert.All(times, time => Assert.Equal(_elapsed - time.At, AgeOf(time.Noted)));
    }

    /// <summary>As <see cref="ClockCorrection"/> moves them, when a clock that was days behind is set right.</summary>
    [Fact]
    public void Times_that_were_corrected_have_their_age()
    {
        Pass(30);
        var noted = Wall;
        Pass(30);
        Set(24 * 30);

        Assert.Equal(TimeSpan.FromMinutes(30), AgeOf(noted + TimeSpan.FromDays(30)));
    }

    [Fact]
    public void A_time_ahead_that_an_earlier_run_noted_is_not_young_for_ever()
    {
        Assert.Equal(TimeSpan.FromHours(5), AgeOf(Wall + TimeSpan.FromHours(5)));
        Pass(30);
        Assert.Equal(TimeSpan.FromHours(4.5), AgeOf(Wall + TimeSpan.FromHours(4.5)));
    }

    [Fact]
    public void A_clock_that_is_set_again_and_again_takes_no_memory_and_the_last_times_count()
    {
        for (var i = 0; i < 1_000; i++)
        {
            Pass(5);
            Set(i % 2 == 0 ? 3 : -3);
        }

        var noted = Wall;
        Set(3);
        Assert.Equal(TimeSpan.Zero, AgeOf(noted));
        Assert.InRange(_ages.Steps, 1, SteadyAges.MostSteps);
    }

    private TimeSpan AgeOf(DateTimeOffset noted) => Wall - _ages.ByPresentClock(noted, Wall);

    private void Pass(int minutes)
    {
        for (var i = 0; i < minutes; i++)
        {
            _elapsed += TimeSpan.FromMinutes(1);
            _ages = _ages.Observe(Wall, _elapsed);
        }
    }

    private void Set(int hours)
    {
        _ahead += TimeSpan.FromHours(hours);
        _ages = _ages.Observe(Wall, _elapsed);
    }
}

namespace KadOrleans.Tests.Core;

public sealed class ClockJudgeTests
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    private ClockJudge _judge = new(Samples.Now, TimeSpan.Zero);
    private TimeSpan _elapsed;
    private TimeSpan _ahead;

    private DateTimeOffset Wall => Samples.Now + _elapsed + _ahead;

    [Fact]
    public void A_clock_that_jumps_again_and_again_is_never_believed()
    {
        Pass(TimeSpan.FromHours(1));
        for (var i = 0; i < 100; i++)
        {
            var verdict = Jump(TimeSpan.FromHours(1));
            Assert.Equal(i == 0, verdict is ClockVerdict.Parted);
            Pass(TimeSpan.FromMinutes(9));
            Assert.Equal(Samples.Now + _elapsed, Time());
            Assert.False(_judge.CanExpire);
        }
    }

    [Fact]
    public void A_clock_that_is_set_back_is_followed_at_once_and_told()
    {
        Pass(TimeSpan.FromHours(1));

        Assert.Equal(-TimeSpan.FromDays(1), Assert.IsType<ClockVerdict.Parted>(Jump(-TimeSpan.FromDays(1))).By);
        Assert.Equal(Wall, Time());
        Assert.False(_judge.IsSettled);

        Assert.IsType<ClockVerdict.Agreed>(Pass(TimeSpan.FromMinutes(10)));
        Assert.Null(_judge.Pending);
        Assert.True(_judge.CanExpire);
    }

    [Fact]
    public void A_clock_that_nobody_sets_is_believed_after_ten_minutes_and_its_slow_drift_is_followed()
    {
        for (var minute = 1; minute <= 10_000; minute++)
        {
            _ahead += TimeSpan.FromMilliseconds(100);
            Assert.Null(Pass(TimeSpan.FromMinutes(1)));
            Assert.Equal((Wall, true, minute >= 10), (Time(), _judge.Agrees, _judge.IsSettled));
        }

        Assert.True(_ahead > TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void A_clock_that_runs_twice_as_fast_is_noticed()
    {
        Assert.Contains(Enumerable.Range(0, 600), _ =>
        {
            _ahead += TimeSpan.FromSeconds(1);
            return Pass(TimeSpan.FromSeconds(1)) is ClockVerdict.Parted;
        });
    }

    [Fact]
    public void What_was_stored_while_the_clock_was_behind_is_moved_with_it()
    {
        Pass(TimeSpan.FromMinutes(5));
        var early = Stored(Time());
        Jump(TimeSpan.FromDays(30));
        Pass(TimeSpan.FromMinutes(5));
        var late = Stored(Time());
        var older = Stored(Samples.Now - TimeSpan.FromDays(1));
        var elsewhere = Stored(Time()) with { ExpiresAt = Time() + TimeSpan.FromDays(20) };
        Assert.IsType<ClockVerdict.Agreed>(Pass(TimeSpan.FromMinutes(5)));
        var correction = _judge.Pending!;

        Assert.Equal(TimeSpan.FromDays(30), correction.By);
        Assert.Equal(early.ExpiresAt + TimeSpan.FromDays(30), correction.Move(early, Week)!.ExpiresAt);
        Assert.Equal(late.StoredAt + TimeSpan.FromDays(30), correction.Move(late, Week)!.StoredAt);
        Assert.InRange(correction.Move(early, Week)!.LifeLeft(Time()), Week - TimeSpan.FromMinutes(15), Week);
        Assert.Null(correction.Move(older, Week));
        Assert.Equal(
            elsewhere with { StoredAt = elsewhere.StoredAt + TimeSpan.FromDays(30) }, correction.Move(elsewhere, Week));
        Assert.Equal(early.StoredAt + TimeSpan.FromDays(30), correction.Move(early.StoredAt));
        Assert.Null(correction.Move(older.StoredAt));
    }

    [Fact]
    public void A_machine_that_slept_for_a_night_prolongs_nothing()
    {
        Jump(TimeSpan.FromHours(9));
        Assert.IsType<ClockVerdict.Agreed>(Pass(TimeSpan.FromMinutes(10)));

        Assert.Null(_judge.Pending);
        Assert.True(_judge.CanExpire);
    }

    [Fact]
    public void What_was_noted_before_the_clock_was_set_further_back_is_moved_too()
    {
        var first = Stored(Time());
        Pass(TimeSpan.FromMinutes(1));
        Jump(-TimeSpan.FromDays(10));
        var second = Stored(Time());
        Pass(TimeSpan.FromMinutes(1));
        Jump(TimeSpan.FromDays(20));
        Pass(TimeSpan.FromMinutes(10));

        var correction = _judge.Pending!;
        Assert.Equal(first.ExpiresAt + TimeSpan.FromDays(10), correction.Move(first, Week)!.ExpiresAt);
        Assert.Equal(second.ExpiresAt + TimeSpan.FromDays(20), correction.Move(second, Week)!.ExpiresAt);
    }

    [Fact]
    public void What_was_moved_is_moved_again_with_the_clock_and_nothing_expires_before_it_was_moved()
    {
        var value = Stored(Time());
        Jump(TimeSpan.FromDays(20));
        Pass(TimeSpan.FromMinutes(10));
        Assert.False(_judge.CanExpire);
        var moved = Correct(value);
        Assert.True(_judge.CanExpire);

        Jump(TimeSpan.FromDays(10));
        Assert.Null(_judge.Pending);
        Pass(TimeSpan.FromMinutes(10));

        Assert.Equal(value.ExpiresAt + TimeSpan.FromDays(30), Correct(moved).ExpiresAt);
    }

    [Fact]
    public void A_restart_within_a_boot_goes_on_from_what_was_known_and_one_after_a_boot_believes_the_clock()
    {
        var value = Stored(Time());
        Jump(TimeSpan.FromDays(30));
        var record = _judge.ToRecord("boot");

        _elapsed += TimeSpan.FromMinutes(1);
        var (again, booted, unknown) = (
            ClockJudge.Resume(record, "boot", Wall, _elapsed), ClockJudge.Resume(record, "another", Wall, _elapsed), ClockJudge.Resume(record, null, Wall, _elapsed));

        Assert.Equal(Wall - TimeSpan.FromDays(30), again.GetTime(Wall, _elapsed));
        Assert.Equal((Wall, Wall), (booted.GetTime(Wall, _elapsed), unknown.GetTime(Wall, _elapsed)));
        _judge = again;
        Pass(TimeSpan.Zero);
        Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(value.ExpiresAt + TimeSpan.FromDays(30), Correct(value).ExpiresAt);
    }

    [Theory]
    [InlineData("boot")]
    [InlineData("another")]
    public void A_correction_that_was_not_finished_is_made_after_a_restart_whatever_the_boot(string boot)
    {
        var value = Stored(Time());
        Jump(TimeSpan.FromDays(30));
        Pass(TimeSpan.FromMinutes(10));
        var record = _judge.ToRecord("boot");

        _judge = ClockJudge.Resume(record, boot, Wall, _elapsed);

        Assert.Equal(value.ExpiresAt + TimeSpan.FromDays(30), Correct(value).ExpiresAt);
        Assert.Null(_judge.Pending);
    }

    [Fact]
    public void However_often_a_clock_is_set_little_is_remembered_and_nothing_lives_shorter()
    {
        var value = Stored(Time());
        for (var i = 0; i < 100; i++)
        {
            Pass(TimeSpan.FromMinutes(1));
            Jump(-TimeSpan.FromDays(1));
        }

        Assert.Equal(ClockJudge.MostPast, _judge.ToRecord(null).Past.Count);
        Jump(TimeSpan.FromDays(130));
        Pass(TimeSpan.FromMinutes(10));
        Assert.True(Correct(value).ExpiresAt >= value.ExpiresAt + TimeSpan.FromDays(30));
    }

    private StoredValue Correct(StoredValue value)
    {
        var correction = _judge.Pending!;
        _judge.Corrected(correction);
        return correction.Move(value, Week)!;
    }

    private static StoredValue Stored(DateTimeOffset at) => new(DhtValue.FromInteger(1), at, at + Week, default(SourceNetwork));

    private ClockVerdict? Pass(TimeSpan time)
    {
        _elapsed += time;
        return _judge.Observe(Wall, _elapsed);
    }

    private ClockVerdict? Jump(TimeSpan ahead)
    {
        _ahead += ahead;
        return _judge.Observe(Wall, _elapsed);
    }

    private DateTimeOffset Time() => _judge.GetTime(Wall, _elapsed);
}

/// <summary>Which of the silos' clocks is the cluster's time.</summary>
public sealed class AgreedClockTests
{
    [Theory]
    [InlineData(new[] { 0.0 }, null, 0)]
    [InlineData(new[] { 0.0, 0.1, -1_200 }, null, 0)]
    [InlineData(new[] { 0.0, 0.1, 1_200 }, null, 0.1)]
    [InlineData(new[] { 0.0, 1_200.1, 1_200 }, null, 1_200)]
    [InlineData(new[] { 0.0, 20, 0.2, 0.1 }, null, 0.1)]
    [InlineData(new[] { 0.0, -20, 0.2, 0.1 }, null, 0)]
    [InlineData(new[] { 0.0, 20 }, null, 0)]
    [InlineData(new[] { 0.0, -20 }, null, -20)]
    [InlineData(new[] { 0.0, 20 }, 19.9, 20)]
    [InlineData(new[] { 0.0, -20 }, 0.1, 0)]
    [InlineData(new[] { 0.0, 20, 40 }, 0.0, 20)]
    public void The_clock_in_the_middle_holds_and_of_two_the_one_that_held_before(double[] clocks, double? agreed, double expected)
    {
        ClockVote[] votes = [.. clocks.Select(clock => new ClockVote(Comparison(clock), agreed is { } time ? TimeSpan.FromSeconds(time) : null))];

        Assert.Equal(expected, AgreedClock.Choose(votes).Difference.TotalSeconds, 0.001);
    }

    /// <summary>Each silo sees the same clocks from its own. All choose one, and a wrong one is none of those that are right.</summary>
    [Fact]
    public void All_silos_choose_the_same_clock_and_not_the_wrong_one() => Assert.All([3, 4, 7], count =>
    {
        foreach (var wrong in new[] { -1_200.0, -20, 20, 1_200 })
        {
            double[] clocks = [.. Enumerable.Range(0, count - 1).Select(i => i * 0.01), wrong];
            double?[] known = [.. clocks.Select((_, i) => i == 1 ? 0.005 : (double?)null)];
            var chosen = clocks.Select(own => own + AgreedClock.Choose(
                [.. clocks.Zip(known, (clock, time) => new ClockVote(Comparison(clock - own), time is { } it ? TimeSpan.FromSeconds(it - own) : null))]).Difference.TotalSeconds);

            Assert.All(chosen, time => Assert.InRange(time, -0.001, count * 0.01));
        }
    });

    private static ClockComparison Comparison(double seconds) => new(TimeSpan.FromSeconds(seconds), TimeSpan.Zero);
}

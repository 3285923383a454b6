using KadOrleans.Core.Admission;
using KadOrleans.Core.Clocks;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Tests.Clocks;

public sealed class ClockJudgeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    private readonly ClockJudge _judge = new(Start, TimeSpan.Zero);
    private TimeSpan _elapsed;
    private TimeSpan _ahead;

    private DateTimeOffset Wall => Start + _elapsed + _ahead;

    [Fact]
    public void A_clock_that_nobody_sets_is_believed_after_ten_minutes()
    {
        Assert.Null(Pass(TimeSpan.FromMinutes(9)));
        Assert.True(_judge.Agrees);
        Assert.False(_judge.IsSettled);

        Assert.Null(Pass(TimeSpan.FromMinutes(1)));
        Assert.True(_judge.IsSettled);
        Assert.Equal(Wall, Time());
    }

    [Fact]
    public void A_jump_ahead_moves_the_time_only_after_ten_minutes()
    {
        Pass(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromDays(8), Assert.IsType<ClockVerdict.Parted>(Jump(TimeSpan.FromDays(8))).By);

        for (var minute = 0; minute < 9; minute++)
        {
            Assert.Null(Pass(TimeSpan.FromMinutes(1)));
            Assert.Equal(Start + _elapsed, Time());
            Assert.False(_judge.IsSettled);
            Assert.False(_judge.Agrees);
        }

        var agreed = Assert.IsType<ClockVerdict.Agreed>(Pass(TimeSpan.FromMinutes(1)));
        Assert.Equal(TimeSpan.FromDays(8), agreed.Correction.By);
        Assert.Equal(Wall, Time());
        Assert.True(_judge.IsSettled);
        Assert.True(_judge.Agrees);
    }

    [Fact]
    public void A_jump_that_is_taken_back_changes_nothing()
    {
        Pass(TimeSpan.FromHours(1));
        Jump(TimeSpan.FromDays(8));
        Pass(TimeSpan.FromSeconds(65));
        Assert.Null(Jump(-TimeSpan.FromDays(8)));
        Assert.Equal(Wall, Time());
        Assert.False(_judge.IsSettled);

        Assert.Equal(TimeSpan.Zero, Assert.IsType<ClockVerdict.Agreed>(Pass(TimeSpan.FromMinutes(10))).Correction.By);
        Assert.Equal(Wall, Time());
    }

    [Fact]
    public void A_clock_that_jumps_again_and_again_is_never_believed()
    {
        Pass(TimeSpan.FromHours(1));
        for (var i = 0; i < 100; i++)
        {
            var verdict = Jump(TimeSpan.FromHours(1));
            Assert.Equal(i == 0, verdict is ClockVerdict.Parted);
            Pass(TimeSpan.FromMinutes(9));
            Assert.Equal(Start + _elapsed, Time());
            Assert.False(_judge.IsSettled);
        }
    }

    [Fact]
    public void A_clock_that_is_set_back_is_followed_at_once_and_told()
    {
        Pass(TimeSpan.FromHours(1));

        Assert.Equal(-TimeSpan.FromDays(1), Assert.IsType<ClockVerdict.Parted>(Jump(-TimeSpan.FromDays(1))).By);
        Assert.Equal(Wall, Time());
        Assert.False(_judge.IsSettled);

        Assert.False(Assert.IsType<ClockVerdict.Agreed>(Pass(TimeSpan.FromMinutes(10))).Correction.IsNeeded);
        Assert.True(_judge.IsSettled);
    }

    [Fact]
    public void A_slow_drift_is_followed()
    {
        for (var minute = 0; minute < 10_000; minute++)
        {
            _ahead += TimeSpan.FromMilliseconds(100);
            Assert.Null(Pass(TimeSpan.FromMinutes(1)));
            Assert.Equal(Wall, Time());
        }

        Assert.True(_ahead > TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void A_clock_that_runs_twice_as_fast_is_noticed()
    {
        ClockVerdict? verdict = null;
        for (var second = 0; second < 600 && verdict is null; second++)
        {
            _ahead += TimeSpan.FromSeconds(1);
            verdict = Pass(TimeSpan.FromSeconds(1));
        }

        Assert.IsType<ClockVerdict.Parted>(verdict);
    }

    [Fact]
    public void What_was_stored_while_the_clock_was_behind_is_moved_with_it()
    {
        Pass(TimeSpan.FromMinutes(5));
        var early = Stored(Time());
        Jump(TimeSpan.FromDays(30));
        Pass(TimeSpan.FromMinutes(5));
        var late = Stored(Time());
        var older = Stored(Start - TimeSpan.FromDays(1));
        var elsewhere = Stored(Time()) with { ExpiresAt = Time() + TimeSpan.FromDays(20) };
        var correction = Assert.IsType<ClockVerdict.Agreed>(Pass(TimeSpan.FromMinutes(5))).Correction;

        Assert.True(correction.IsNeeded);
        Assert.Equal(early.ExpiresAt + TimeSpan.FromDays(30), correction.Move(early, Week)!.ExpiresAt);
        Assert.Equal(late.StoredAt + TimeSpan.FromDays(30), correction.Move(late, Week)!.StoredAt);
        Assert.InRange(correction.Move(early, Week)!.LifeLeft(Time()), Week - TimeSpan.FromMinutes(15), Week);
        Assert.Null(correction.Move(older, Week));
        Assert.Null(correction.Move(elsewhere, Week));
        Assert.Equal(early.StoredAt + TimeSpan.FromDays(30), correction.Move(early.StoredAt));
        Assert.Null(correction.Move(older.StoredAt));
    }

    [Fact]
    public void A_machine_that_slept_for_a_night_prolongs_nothing()
    {
        Pass(TimeSpan.FromHours(1));
        var value = Stored(Time());
        Jump(TimeSpan.FromHours(9));

        var correction = Assert.IsType<ClockVerdict.Agreed>(Pass(TimeSpan.FromMinutes(10))).Correction;

        Assert.False(correction.IsNeeded);
        Assert.Null(correction.Move(value, Week));
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

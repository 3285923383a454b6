namespace KadOrleans.Tests.Lab;

public sealed class ManualTimeProviderTests
{
    // A loop that goes round so often waits for ever.
    private const int ReadsAtMost = 10_000_000;

    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _fired = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Timers_fire_by_time_then_by_setting_at_their_changed_times_and_cancelled_ones_do_not(int seed)
    {
        var random = new SeededRandomSource(seed);
        var expected = new List<(int Due, int Number, string Name, ITimer Timer)>();
        for (var i = 0; i < 5_000; i++)
        {
            var due = random.Next(200);
            expected.Add((due, i, $"{i}", Set($"{i}", TimeSpan.FromMilliseconds(due))));
            var one = random.Next(expected.Count);
            switch (random.Next(3))
            {
                case 0:
                    expected[one].Timer.Dispose();
                    expected[one].Timer.Dispose();
                    expected.RemoveAt(one);
                    break;
                case 1:
                    expected[one].Timer.Change(TimeSpan.FromMilliseconds(due + 1), Timeout.InfiniteTimeSpan);
                    expected[one] = expected[one] with { Due = due + 1, Number = i };
                    break;
                default:
                    break;
            }
        }

        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(expected.OrderBy(timer => timer.Due).ThenBy(timer => timer.Number).Select(timer => timer.Name), _fired);
        Assert.Null(_clock.NextDue);
        Assert.False(_clock.FireNext());
    }

    [Fact]
    public void A_periodic_timer_fires_each_period_until_disposed()
    {
        var timer = _clock.CreateTimer(_ => _fired.Add("tick"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, _fired.Count);
        timer.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, _fired.Count);
    }

    [Theory]
    [InlineData(24_000)]
    [InlineData(20_001)]
    [InlineData(29_999)]
    [InlineData(10_000)]
    [InlineData(4_000)]
    [InlineData(1)]
    public async Task A_loop_that_waits_whole_milliseconds_until_a_moment_ends_once_the_clock_reached_it(long ticks)
    {
        var moment = _clock.GetUtcNow() + TimeSpan.FromTicks(ticks);
        var waited = DelayUntilAsync(_clock, moment);
        var end = _clock.Elapsed + TimeSpan.FromMilliseconds(3);
        _clock.Advance(TimeSpan.FromMilliseconds(3));
        Assert.True(waited.IsCompleted);
        Assert.Equal(moment, await waited);
        Assert.Equal(end, _clock.Elapsed);
    }

    [Fact]
    public async Task A_loop_waits_until_a_moment_of_a_wall_clock_that_was_set_between_two_milliseconds()
    {
        var moment = _clock.GetUtcNow() + TimeSpan.FromSeconds(10);
        var waited = DelayUntilAsync(_clock, moment);
        _clock.SetWallClock(TimeSpan.FromMilliseconds(-0.6));
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(moment, await waited);
    }

    [Fact]
    public void A_clock_that_is_asked_often_stands_still()
    {
        for (var i = 0; i < 500_000; i++)
        {
            Assert.Equal(ManualTimeProvider.Epoch, _clock.GetUtcNow());
        }
    }

    // A wait as libraries write it. Task.Delay cuts what is left to whole milliseconds, and zero of them have passed at once.
    private static async Task<DateTimeOffset> DelayUntilAsync(ManualTimeProvider clock, DateTimeOffset moment)
    {
        for (var reads = 1; ; reads++)
        {
            var now = clock.GetUtcNow();
            if (now >= moment)
            {
                return now;
            }

            Assert.True(reads < ReadsAtMost, $"The clock stands still at {now:O}.");
            await Task.Delay(moment - now, clock).ConfigureAwait(false);
        }
    }

    private ITimer Set(string name, TimeSpan due) =>
        _clock.CreateTimer(_ => _fired.Add(name), null, due, Timeout.InfiniteTimeSpan);

    [Fact]
    public void A_world_lets_at_least_the_time_pass_that_was_asked_for() => SimulatedWorld.Run(seed: 1, async world =>
    {
        await world.PassAsync(TimeSpan.FromTicks(1));
        Assert.Equal(TimeSpan.FromMilliseconds(1), world.Clock.Elapsed);
    });
}

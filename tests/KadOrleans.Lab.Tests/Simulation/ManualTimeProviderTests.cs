using KadOrleans.Simulation;

namespace KadOrleans.Lab.Tests.Simulation;

public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void A_timer_that_is_changed_fires_at_its_new_time_only()
    {
        using var timer = Set("changed", TimeSpan.FromSeconds(1));
        timer.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(_fired);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["changed"], _fired);
    }

    [Fact]
    public void A_disposed_timer_leaves_nothing_on_the_clock()
    {
        Set("gone", TimeSpan.FromSeconds(1)).Dispose();
        Assert.Null(_clock.NextDue);
        Assert.False(_clock.FireNext());
    }

    [Fact]
    public void Timers_of_one_time_fire_in_the_order_they_were_set()
    {
        using var first = Set("first", TimeSpan.FromSeconds(1));
        using var second = Set("second", TimeSpan.FromSeconds(1));
        first.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["second", "first"], _fired);
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

    private ITimer Set(string name, TimeSpan due) =>
        _clock.CreateTimer(_ => _fired.Add(name), null, due, Timeout.InfiniteTimeSpan);
}

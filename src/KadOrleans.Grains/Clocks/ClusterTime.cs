using KadOrleans.Core.Clocks;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Grains.Clocks;

/// <summary>
/// The time that the cluster's silos agree on (<see cref="ClusterClock"/>). Between two rounds it goes on with what is measured, so a clock
/// that is set does not move it. Before the first round it is this silo's clock. Measured times and timers are the clock's own. Safe for
/// several threads.
/// </summary>
/// <param name="clock">This silo's clock.</param>
internal sealed class ClusterTime([FromKeyedServices(TimeProviderNames.Grains)] TimeProvider clock) : TimeProvider
{
    /// <summary>
    /// How long puts with stamps of an earlier agreed time are taken. A silo that was heard with it may have it for one
    /// <see cref="StateVersionService.Interval"/> more. Edges ask for the time every 10 s; a call may take 10 s more.
    /// </summary>
    public static readonly TimeSpan Grace = StateVersionService.Interval + TimeSpan.FromSeconds(20);

    private readonly ClusterCorrection _correction = new();

    // Null before the first round.
    private volatile MeasuredTime? _agreed;

    // Null: the agreed time has not moved ahead, and no silo was heard with an earlier one.
    private volatile Step? _last;

    /// <summary>What is added to this silo's clock.</summary>
    public TimeSpan Correction => Agreed ?? TimeSpan.Zero;

    /// <summary>The same; null before the first round.</summary>
    public TimeSpan? Agreed => _agreed?.When(clock.GetTimestamp(), clock) - clock.GetUtcNow();

    /// <summary>
    /// By how much the agreed time moved ahead a moment ago, here or on another silo; zero if it did not. Stamps of edges may be as much too
    /// early.
    /// </summary>
    public TimeSpan RecentStep => _last is { } last && clock.GetElapsedTime(last.At) < Grace ? last.Length : TimeSpan.Zero;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _agreed?.When(clock.GetTimestamp(), clock) ?? clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);

    /// <summary>The agreed time at a moment. Null before the first round.</summary>
    public DateTimeOffset? At(long timestamp) => _agreed?.When(timestamp, clock);

    /// <summary>Follows the clock that the silos chose. Returns by how much the time moved; zero if it was less than a second.</summary>
    /// <param name="agreed">That clock, compared with this silo's.</param>
    /// <param name="now">What this silo's clock showed then.</param>
    /// <param name="at">The moment of that.</param>
    public TimeSpan Follow(ClockComparison agreed, DateTimeOffset now, long at)
    {
        var before = At(at) ?? now;
        _correction.Follow(agreed);
        _agreed = new MeasuredTime(now + _correction.Value, at);
        var step = _agreed.Start - before;
        if (step > ClusterCorrection.Agreement)
        {
            NoteBehind(step);
        }

        return step.Duration() > ClusterCorrection.Agreement ? step : TimeSpan.Zero;
    }

    /// <summary>Notes that stamps of an agreed time that was <paramref name="length"/> behind this one are still made.</summary>
    public void NoteBehind(TimeSpan length) => _last = new Step(length, clock.GetTimestamp());

    private sealed record Step(TimeSpan Length, long At);
}

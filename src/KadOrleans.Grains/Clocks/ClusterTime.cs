using KadOrleans.Core.Clocks;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Grains.Clocks;

/// <summary>
/// The time that the cluster's silos agree on: this silo's clock, corrected by <see cref="ClusterClock"/>. Measured times and timers are the
/// clock's own. Safe for several threads.
/// </summary>
internal sealed class ClusterTime([FromKeyedServices(TimeProviderNames.Grains)] TimeProvider clock) : TimeProvider
{
    /// <summary>
    /// How long puts with stamps of an earlier agreed time are taken. A silo that was heard with it may have it for one
    /// <see cref="StateVersionService.Interval"/> more. Edges ask for the time every 10 s; a call may take 10 s more.
    /// </summary>
    public static readonly TimeSpan Grace = StateVersionService.Interval + TimeSpan.FromSeconds(20);

    private readonly ClusterCorrection _correction = new();

    // Null: the agreed time has not moved ahead, and no silo was heard with an earlier one.
    private volatile Step? _last;

    /// <summary>What is added to this silo's clock.</summary>
    public TimeSpan Correction => _correction.Value;

    /// <summary>
    /// By how much the agreed time moved ahead a moment ago, here or on another silo; zero if it did not. Stamps of edges may be as much too
    /// early.
    /// </summary>
    public TimeSpan RecentStep => _last is { } last && clock.GetElapsedTime(last.At) < Grace ? last.Length : TimeSpan.Zero;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Correction;

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);

    /// <summary>Follows the clock that the silos chose. Returns by how much the time moved.</summary>
    public TimeSpan Follow(ClockComparison agreed)
    {
        var step = _correction.Follow(agreed);
        if (step > TimeSpan.Zero)
        {
            NoteBehind(step);
        }

        return step;
    }

    /// <summary>Notes that stamps of an agreed time that was <paramref name="length"/> behind this one are still made.</summary>
    public void NoteBehind(TimeSpan length) => _last = new Step(length, clock.GetTimestamp());

    private sealed record Step(TimeSpan Length, long At);
}

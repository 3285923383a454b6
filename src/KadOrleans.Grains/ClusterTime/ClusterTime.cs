namespace KadOrleans.Grains;

// The time that the cluster's silos agree on: this silo's clock, corrected by ClusterClock. Measured times and timers are the
// clock's own. Safe for several threads.
internal sealed class ClusterTime([FromKeyedServices(TimeProviderNames.Grains)] TimeProvider clock) : TimeProvider
{
    // How long puts with stamps of an earlier agreed time are taken. A silo that answered with it may keep it for one
    // ClusterFollower.Interval more. Edges ask for the time every 10 s; a call may take 10 s more.
    public static readonly TimeSpan Grace = ClusterFollower.Interval + TimeSpan.FromSeconds(20);

    private readonly ClusterCorrection _correction = new();

    // Null: the agreed time has not moved ahead, and no silo answered with an earlier one.
    private volatile Step? _last;

    public TimeSpan Correction => _correction.Value;

    // By how much the agreed time moved ahead a moment ago, here or on another silo. Stamps of edges may be as much too early.
    public TimeSpan RecentStep => _last is { } last && clock.GetElapsedTime(last.At) < Grace ? last.Length : TimeSpan.Zero;

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Correction;

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);

    /// <summary>Takes the time of the clock that the silos chose. Returns by how much the time moved.</summary>
    public TimeSpan Apply(ClockComparison agreed)
    {
        var step = _correction.Apply(agreed);
        if (step > TimeSpan.Zero)
        {
            RecordBehind(step);
        }

        return step;
    }

    /// <summary>Records that stamps of an agreed time that was <paramref name="length"/> behind this one are still made.</summary>
    public void RecordBehind(TimeSpan length) => _last = new Step(length, clock.GetTimestamp());

    private sealed record Step(TimeSpan Length, long At);
}

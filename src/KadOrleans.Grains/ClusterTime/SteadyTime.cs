namespace KadOrleans.Grains;

/// <summary>
/// The time of day at its start, carried on by the monotonic clock: nobody sets it. Orleans counts by the time of day how long an activation was
/// idle, and once that was ahead, by hours or days, it would activate no further grain until that time had come.
/// </summary>
internal sealed class SteadyTime(TimeProvider clock) : TimeProvider
{
    private readonly DateTimeOffset _start = clock.GetUtcNow();
    private readonly long _startedAt = clock.GetTimestamp();

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _start + clock.GetElapsedTime(_startedAt);

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);
}

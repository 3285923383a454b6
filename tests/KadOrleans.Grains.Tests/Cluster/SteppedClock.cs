using KadOrleans.Simulation;

namespace KadOrleans.Grains.Tests.Cluster;

/// <summary>A clock that somebody sets: the time of day jumps, measured time and timers do not.</summary>
public sealed class SteppedClock(ManualTimeProvider clock) : TimeProvider
{
    // Set by the test, read by the silos' threads.
    private long _ahead;

    public TimeSpan Ahead
    {
        get => new(Interlocked.Read(ref _ahead));
        set => Interlocked.Exchange(ref _ahead, value.Ticks);
    }

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + Ahead;

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, dueTime, period);
}

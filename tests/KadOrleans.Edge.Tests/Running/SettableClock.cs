namespace KadOrleans.Edge.Tests.Running;

/// <summary>The system's clock, set wrongly. Timers and measured times are as they are.</summary>
internal sealed class SettableClock : TimeProvider
{
    // Set by the test, read by the edge's threads.
    private long _ahead;

    public TimeSpan Ahead
    {
        get => new(Interlocked.Read(ref _ahead));
        set => Interlocked.Exchange(ref _ahead, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}

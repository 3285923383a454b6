namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>The system's clock, set wrongly, or measuring more than passes. Timers are as they are.</summary>
internal sealed class SettableClock : TimeProvider
{
    // Set by the test, read by the edge's threads.
    private long _ahead;
    private long _passed;

    public TimeSpan Ahead
    {
        get => new(Interlocked.Read(ref _ahead));
        set => Interlocked.Exchange(ref _ahead, value.Ticks);
    }

    /// <summary>What has passed besides what did.</summary>
    public TimeSpan Passed
    {
        get => new(Interlocked.Read(ref _passed));
        set => Interlocked.Exchange(ref _passed, value.Ticks);
    }

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Passed.TotalSeconds * TimestampFrequency);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}

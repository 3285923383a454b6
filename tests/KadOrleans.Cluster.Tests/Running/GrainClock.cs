using KadOrleans.PortContracts;

namespace KadOrleans.Cluster.Tests.Running;

/// <summary>What grains take the time to be: the contracts' moment, until it is moved. Its timers run on real time.</summary>
public sealed class GrainClock : TimeProvider
{
    private long _moved;

    public override DateTimeOffset GetUtcNow() => StoredValues.Now + Moved;

    /// <summary>Real time, and what the clock was moved by: whoever measures notices both.</summary>
    public override long GetTimestamp() => base.GetTimestamp() + (long)(Moved.TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _moved, by.Ticks);

    private TimeSpan Moved => new(Interlocked.Read(ref _moved));
}

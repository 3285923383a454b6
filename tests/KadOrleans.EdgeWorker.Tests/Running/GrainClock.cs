using KadOrleans.PortContracts;

namespace KadOrleans.EdgeWorker.Tests.Running;

/// <summary>What grains take the time to be: the contracts' moment, until it is moved. Its timers run on real time.</summary>
public sealed class GrainClock : TimeProvider
{
    private long _moved;
    private long _setAhead;

    public override DateTimeOffset GetUtcNow() => StoredValues.Now + Moved + new TimeSpan(Interlocked.Read(ref _setAhead));

    /// <summary>Sets the time of day; what is measured takes no notice.</summary>
    public void Set(DateTimeOffset now) => Interlocked.Exchange(ref _setAhead, (now - StoredValues.Now - Moved).Ticks);

    /// <summary>Real time, and what the clock was moved by: whoever measures notices both.</summary>
    public override long GetTimestamp() => base.GetTimestamp() + (long)(Moved.TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _moved, by.Ticks);

    private TimeSpan Moved => new(Interlocked.Read(ref _moved));
}

using KadOrleans.PortContracts;

namespace KadOrleans.Cluster.Tests.Running;

/// <summary>What grains take the time to be: the contracts' moment, until it is moved. Its timers run on real time.</summary>
public sealed class GrainClock : TimeProvider
{
    private long _ticks = StoredValues.Now.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}

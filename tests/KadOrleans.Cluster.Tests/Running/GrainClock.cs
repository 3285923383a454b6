using KadOrleans.PortContracts;

namespace KadOrleans.Cluster.Tests.Running;

/// <summary>What grains take the time to be: the contracts' moment, until it is moved. Its timers run on real time.</summary>
public sealed class GrainClock : TimeProvider
{
    private long _ticks = StoredValues.Now.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    /// <summary>Back to the contracts' moment: other tests of the cluster may have moved it.</summary>
    public void Reset() => Interlocked.Exchange(ref _ticks, StoredValues.Now.UtcTicks);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}

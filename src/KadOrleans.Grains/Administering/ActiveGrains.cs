using System.Collections.Concurrent;

namespace KadOrleans.Grains;

/// <summary>The shards and the directory of edges that are active on this silo. Safe for several threads.</summary>
internal sealed class ActiveGrains
{
    // By activation: the next one of a grain may begin before the one before has ended.
    private readonly ConcurrentDictionary<Grain, GrainId> _activations = new(ReferenceEqualityComparer.Instance);

    public void Begin(Grain activation) => _activations[activation] = activation.GetGrainId();

    public void End(Grain activation) => _activations.TryRemove(activation, out _);

    public bool Has(GrainId grain) => _activations.Values.Contains(grain);

    public int CountShards() => _activations.Keys.Count(activation => activation is KeyShardGrain);
}

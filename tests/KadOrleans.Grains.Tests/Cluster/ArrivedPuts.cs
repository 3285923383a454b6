using System.Collections.Concurrent;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Tests.Cluster;

/// <summary>Counts the puts that have arrived at each shard, answered or not.</summary>
internal sealed class ArrivedPuts : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<GrainId, int> _counts = new();

    public int At(GrainId shard) => _counts.GetValueOrDefault(shard);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceMethod?.Name == nameof(IKeyShardGrain.PutAsync))
        {
            _counts.AddOrUpdate(context.TargetId, 1, (_, count) => count + 1);
        }

        return context.Invoke();
    }
}

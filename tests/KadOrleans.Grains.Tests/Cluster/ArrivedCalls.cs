using System.Collections.Concurrent;

namespace KadOrleans.Grains.Tests.Cluster;

/// <summary>Counts the calls that have arrived at each grain by method, answered or not, and fails some.</summary>
internal sealed class ArrivedCalls : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<(GrainId, string), int> _counts = new();

    /// <summary>What a call of the method fails with; null lets it through.</summary>
    public Func<string, Exception?> Refuse { get; set; } = static _ => null;

    public int At(IAddressable grain, string method) => _counts.GetValueOrDefault((grain.GetGrainId(), method));

    public Task Invoke(IIncomingGrainCallContext context)
    {
        _counts.AddOrUpdate((context.TargetId, context.MethodName), 1, (_, count) => count + 1);
        return Refuse(context.MethodName) is { } failure ? Task.FromException(failure) : context.Invoke();
    }
}

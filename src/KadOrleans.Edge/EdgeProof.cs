namespace KadOrleans.Edge;

/// <summary>Adds the proof of an edge to the calls of a client. Within a silo there is no key, and calls are the silo's.</summary>
internal sealed class EdgeProof(IOptions<KadEdgeOptions> options) : IOutgoingGrainCallFilter
{
    private readonly EdgeCallFilter? _filter = options.Value.EdgeKey is { Length: > 0 } key ? new(key, TimeProvider.System) : null;

    public Task Invoke(IOutgoingGrainCallContext context) => _filter is { } filter ? filter.Invoke(context) : context.Invoke();
}

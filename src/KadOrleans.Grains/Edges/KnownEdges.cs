using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Edges;

/// <summary>
/// The edges that a caller knows. A directory that has just moved knows only some edges, so its response removes only those that it saw
/// leave. An edge stays known for one lease after the last response that named it.
/// </summary>
internal sealed class KnownEdges(TimeProvider time)
{
    private readonly Dictionary<string, (LiveEdge Edge, long NamedAt)> _edges = [];

    public IReadOnlyList<LiveEdge> All => [.. _edges.Values.Select(known => known.Edge)];

    public void Take(EdgeList answer)
    {
        if (answer.IsComplete)
        {
            _edges.Clear();
        }

        foreach (var name in answer.Released)
        {
            _edges.Remove(name);
        }

        foreach (var edge in answer.Edges)
        {
            _edges[edge.Name] = (edge, time.GetTimestamp());
        }

        foreach (var (name, (_, namedAt)) in _edges)
        {
            if (time.GetElapsedTime(namedAt) >= IEdgeDirectoryGrain.LeaseDuration)
            {
                _edges.Remove(name);
            }
        }
    }
}

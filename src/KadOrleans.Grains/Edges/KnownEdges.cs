using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Edges;

/// <summary>
/// The edges that a caller knows of. The answer of a directory that has just moved takes none away but those that it saw going: an edge
/// stays known until its lease would have ended, counted from the last answer that named it.
/// </summary>
internal sealed class KnownEdges(TimeProvider time)
{
    private readonly Dictionary<string, (LiveEdge Edge, long NamedAt)> _edges = [];

    /// <summary>Those that are known, in no order.</summary>
    public IReadOnlyList<LiveEdge> All => [.. _edges.Values.Select(known => known.Edge)];

    /// <summary>Takes over what the directory answered.</summary>
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

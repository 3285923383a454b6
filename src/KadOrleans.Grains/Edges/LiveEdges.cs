using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Edges;

/// <summary>
/// The edges whose leases are alive. Kept in memory alone: after a silo was lost, renewals bring it back. Leases are measured,
/// so that they last as long if the clock is set.
/// </summary>
internal sealed class LiveEdges(TimeSpan leaseDuration, TimeProvider time)
{
    private readonly Dictionary<string, (LiveEdge Edge, long Since)> _edges = [];

    // A renewal that was under way when its lease was handed back must not bring it to life again.
    private readonly Dictionary<string, long> _released = [];

    private readonly long _began = time.GetTimestamp();

    /// <summary>How long renewals have been heard.</summary>
    public TimeSpan KnownFor => time.GetElapsedTime(_began);

    /// <summary>Whose leases were handed back.</summary>
    public IReadOnlyList<string> Released => [.. _released.Keys];

    /// <summary>A lease began, and every older one of the name is over.</summary>
    public void Set(LiveEdge edge)
    {
        _released.Remove(edge.Name);
        _edges[edge.Name] = (edge, time.GetTimestamp());
    }

    /// <summary>Prolongs a lease; false if it was handed back.</summary>
    public bool Renew(LiveEdge edge)
    {
        if (_released.GetValueOrDefault(edge.Name) == edge.Epoch)
        {
            return false;
        }

        _edges[edge.Name] = (edge, time.GetTimestamp());
        return true;
    }

    /// <summary>Ends a lease, unless a newer one of the name began.</summary>
    public void Release(string name, long epoch)
    {
        if (_edges.TryGetValue(name, out var known) && known.Edge.Epoch == epoch)
        {
            _edges.Remove(name);
            _released[name] = epoch;
        }
    }

    /// <summary>How many ids were leased under this epoch; null if that is not known.</summary>
    public int? CountOf(string name, long epoch) =>
        _edges.TryGetValue(name, out var known) && known.Edge.Epoch == epoch ? known.Edge.NodeIds.Count : null;

    /// <summary>Those whose time is not over.</summary>
    public IReadOnlyList<LiveEdge> GetAlive()
    {
        foreach (var (name, (_, since)) in _edges)
        {
            if (time.GetElapsedTime(since) >= leaseDuration)
            {
                _edges.Remove(name);
            }
        }

        return [.. _edges.Values.Select(known => known.Edge)];
    }
}

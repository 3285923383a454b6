namespace KadOrleans.Grains;

// The edges with live leases. Kept in memory only: after the loss of a silo renewals restore them. A monotonic clock measures
// leases, so setting the system's clock does not change them.
internal sealed class LiveEdges(TimeSpan leaseDuration, TimeProvider time)
{
    // Includes edges whose leases ended: they may still answer.
    private readonly Dictionary<string, HeardEdge> _edges = [];

    // The epochs handed back: a late renewal must not revive their leases.
    private readonly Dictionary<string, long> _released = [];

    private readonly long _began = time.GetTimestamp();

    public TimeSpan KnownFor => time.GetElapsedTime(_began);

    /// <summary>Whether all live edges are known: each renews within a lease.</summary>
    public bool IsComplete => KnownFor >= leaseDuration;

    public IReadOnlyList<string> Released => [.. _released.Keys];

    public void Set(LiveEdge edge, IReadOnlyCollection<SiloAddress> silos)
    {
        _released.Remove(edge.Name);
        _edges[edge.Name] = new HeardEdge(edge, time.GetTimestamp(), silos);
    }

    public void Release(string name, long epoch)
    {
        _edges.Remove(name);
        _released[name] = epoch;
    }

    public bool IsReleased(string name, long epoch) => _released.GetValueOrDefault(name) == epoch;

    /// <summary>The edge with this name, even if its lease ended. Null if it neither leased nor renewed since the start, or handed its lease back.</summary>
    public HeardEdge? Find(string name) => _edges.GetValueOrDefault(name);

    public bool IsAlive(string name) => _edges.TryGetValue(name, out var heard) && !IsOver(heard);

    public void Forget(string name)
    {
        _edges.Remove(name);
        _released.Remove(name);
    }

    public bool IsOver(HeardEdge edge) => time.GetElapsedTime(edge.Since) >= leaseDuration;

    public IReadOnlyList<NodeId>? IdsOf(string name, long epoch) =>
        _edges.TryGetValue(name, out var heard) && heard.Edge.Epoch == epoch ? heard.Edge.NodeIds : null;

    public IReadOnlyList<LiveEdge> GetAlive() => [.. _edges.Values.Where(heard => !IsOver(heard)).Select(heard => heard.Edge)];
}

/// <summary>An edge as it last leased or renewed, at a timestamp of the clock, and the silos that were active then.</summary>
internal sealed record HeardEdge(LiveEdge Edge, long Since, IReadOnlyCollection<SiloAddress> Silos);

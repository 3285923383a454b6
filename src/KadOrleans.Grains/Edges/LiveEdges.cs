using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Edges;

/// <summary>
/// The edges whose leases are alive. Kept in memory alone: after a silo was lost, renewals bring it back. Leases are measured,
/// so that they last as long if the clock is set.
/// </summary>
internal sealed class LiveEdges(TimeSpan leaseDuration, TimeProvider time)
{
    // With those whose leases ran out: they may still answer.
    private readonly Dictionary<string, HeardEdge> _edges = [];

    // A renewal that was under way when its lease was handed back must not bring it to life again.
    private readonly Dictionary<string, long> _released = [];

    private readonly long _began = time.GetTimestamp();

    /// <summary>How long renewals have been heard.</summary>
    public TimeSpan KnownFor => time.GetElapsedTime(_began);

    /// <summary>Whether an edge that was not heard is not alive.</summary>
    public bool IsComplete => KnownFor >= leaseDuration;

    /// <summary>Whose leases were handed back.</summary>
    public IReadOnlyList<string> Released => [.. _released.Keys];

    /// <summary>A lease began, and every older one of the name is over.</summary>
    public void Set(LiveEdge edge, IReadOnlyCollection<SiloAddress> silos)
    {
        _released.Remove(edge.Name);
        _edges[edge.Name] = new HeardEdge(edge, time.GetTimestamp(), silos);
    }

    /// <summary>Prolongs a lease; false if it was handed back.</summary>
    public bool Renew(LiveEdge edge, IReadOnlyCollection<SiloAddress> silos)
    {
        if (IsReleased(edge.Name, edge.Epoch))
        {
            return false;
        }

        _edges[edge.Name] = new HeardEdge(edge, time.GetTimestamp(), silos);
        return true;
    }

    /// <summary>Ends the newest lease of the name.</summary>
    public void Release(string name, long epoch)
    {
        _edges.Remove(name);
        _released[name] = epoch;
    }

    /// <summary>Whether a lease was handed back since this began.</summary>
    public bool IsReleased(string name, long epoch) => _released.GetValueOrDefault(name) == epoch;

    /// <summary>The edge of this name, whether or not its lease ran out; null if it was not heard, or handed its lease back.</summary>
    public HeardEdge? Find(string name) => _edges.GetValueOrDefault(name);

    /// <summary>Whether the lease ran out.</summary>
    public bool IsOver(HeardEdge edge) => time.GetElapsedTime(edge.Since) >= leaseDuration;

    /// <summary>How many ids were leased under this epoch; null if that is not known.</summary>
    public int? CountOf(string name, long epoch) =>
        _edges.TryGetValue(name, out var heard) && heard.Edge.Epoch == epoch ? heard.Edge.NodeIds.Count : null;

    /// <summary>Those whose time is not over.</summary>
    public IReadOnlyList<LiveEdge> GetAlive() => [.. _edges.Values.Where(heard => !IsOver(heard)).Select(heard => heard.Edge)];
}

/// <summary>An edge as it last leased or renewed.</summary>
/// <param name="Edge">The edge.</param>
/// <param name="Since">When that was, as a timestamp of the clock.</param>
/// <param name="Silos">The silos that were active then.</param>
internal sealed record HeardEdge(LiveEdge Edge, long Since, IReadOnlyCollection<SiloAddress> Silos);

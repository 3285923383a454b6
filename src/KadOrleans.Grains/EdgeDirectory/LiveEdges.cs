namespace KadOrleans.Grains;

// The edges with live leases. A directory that begins presumes that the edges which were live before still are: for one lease, in which they
// renew. A monotonic clock measures leases, so setting the system's clock does not change them.
internal sealed class LiveEdges(TimeSpan leaseDuration, TimeProvider time)
{
    // Includes edges whose leases ended: they may still answer.
    private readonly Dictionary<string, HeardEdge> _edges = [];

    // The epochs handed back: a late renewal must not revive their leases.
    private readonly Dictionary<string, long> _released = [];

    // When edges whose leases an operator ended were heard last. They run, and ask for a lease each few seconds.
    private readonly Dictionary<string, long> _asking = [];

    private readonly EdgeListLog _list = new();

    private readonly long _began = time.GetTimestamp();

    /// <summary>Whether each live edge was heard: each renews within a lease.</summary>
    public bool IsComplete => time.GetElapsedTime(_began) >= leaseDuration;

    /// <summary>The edges with live leases.</summary>
    public IEnumerable<HeardEdge> Alive => _edges.Values.Where(heard => !IsOver(heard));

    /// <summary>The size of the network: the median of what the live edges report. Null if none does.</summary>
    public double? NetworkSize
    {
        get
        {
            var sizes = Alive.Select(heard => heard.Report?.NetworkSize).OfType<double>().Order().ToList();
            return sizes.Count == 0 ? null : sizes[sizes.Count / 2];
        }
    }

    /// <summary>Takes an edge for live that was so before this directory began.</summary>
    public void Presume(LiveEdge edge) => Set(new HeardEdge(edge, _began, [], null));

    public void Set(LiveEdge edge, EdgeReport report, IReadOnlyCollection<SiloAddress> silos) =>
        Set(new HeardEdge(edge, time.GetTimestamp(), silos, report));

    /// <summary>An edge handed its lease back: it stops.</summary>
    public void Release(string name, long epoch)
    {
        Forget(name);
        _released[name] = epoch;
    }

    /// <summary>An operator ended a lease: its edge runs on.</summary>
    public void End(string name, long epoch)
    {
        var heard = _edges.TryGetValue(name, out var edge) ? edge.Since : _asking.TryGetValue(name, out var asked) ? asked : (long?)null;
        Release(name, epoch);
        if (heard is { } since)
        {
            _asking[name] = since;
        }
    }

    public bool IsReleased(string name, long epoch) => _released.GetValueOrDefault(name) == epoch;

    /// <summary>The edge with this name, even if its lease ended. Null if it neither leased nor renewed since the start, or handed its lease back.</summary>
    public HeardEdge? Find(string name) => _edges.GetValueOrDefault(name) is { Report: not null } heard ? heard : null;

    /// <summary>
    /// When an edge leased or renewed last; if it is only presumed to have lived, when this directory began. Null if it neither was heard nor is
    /// presumed, or handed its lease back.
    /// </summary>
    public DateTimeOffset? LastHeard(string name) =>
        _edges.TryGetValue(name, out var heard) ? time.GetUtcNow() - time.GetElapsedTime(heard.Since) : null;

    public bool IsAlive(string name) => _edges.TryGetValue(name, out var heard) && !IsOver(heard);

    /// <summary>Whether a lease is live. Null if it neither was heard nor is presumed.</summary>
    public bool? IsAlive(string name, long epoch) => _edges.TryGetValue(name, out var heard) && heard.Edge.Epoch == epoch ? !IsOver(heard) : null;

    /// <summary>A drained edge asked for its lease.</summary>
    public void SetAsking(string name) => _asking[name] = time.GetTimestamp();

    /// <summary>Whether an edge without a lease was heard within the duration of one: it runs, or stopped just now.</summary>
    public bool IsAsking(string name) => _asking.TryGetValue(name, out var heard) && time.GetElapsedTime(heard) < leaseDuration;

    public void Forget(string name)
    {
        _asking.Remove(name);
        _edges.Remove(name);
        _released.Remove(name);
        _list.Remove(name);
    }

    public bool IsOver(HeardEdge edge) => time.GetElapsedTime(edge.Since) >= leaseDuration;

    /// <summary>The list for a reader that has a version of it.</summary>
    public EdgeList GetList(ulong known)
    {
        foreach (var heard in _edges.Values.Where(IsOver))
        {
            _list.Remove(heard.Edge.Name);
        }

        return _list.Since(known);
    }

    private void Set(HeardEdge heard)
    {
        _released.Remove(heard.Edge.Name);
        _edges[heard.Edge.Name] = heard;
        _list.Set(heard.Edge);
    }
}

// An edge as it last leased or renewed, at a timestamp of the clock, and the silos that were active then. Without a report it is presumed to
// live, and has not been heard.
internal sealed record HeardEdge(LiveEdge Edge, long Since, IReadOnlyCollection<SiloAddress> Silos, EdgeReport? Report);

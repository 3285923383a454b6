namespace KadOrleans.Node;

/// <summary>
/// The node ids that share this node's key store: those of a cluster's edges. What one of them sends was decided there before, and may be
/// of a value that was replaced or deleted since, so it changes nothing here. Whoever only claims such an id has no more from it.
/// </summary>
internal sealed class SiblingIds(TimeProvider time)
{
    /// <summary>Edges that begin or end together have done so by then, and each has been told of all.</summary>
    private static readonly TimeSpan SettledAfter = TimeSpan.FromMinutes(10);

    /// <summary>Some renewals of a lease: an edge is told with each.</summary>
    private static readonly TimeSpan KnownFor = TimeSpan.FromMinutes(2);

    /// <summary>After so long without being told of the others a node may have lost its lease, and be new to them.</summary>
    private static readonly TimeSpan ForgottenAfter = TimeSpan.FromSeconds(30);

    /// <summary>Some renewals of a lease: by then the others have heard of a new one.</summary>
    private static readonly TimeSpan HeardOfAfter = TimeSpan.FromMinutes(1);

    // Replaced as a whole, so that readers need no lock.
    private volatile HashSet<NodeId> _ids = [];
    private long _changedAt;
    private long _updatedAt;
    private long _newSince;

    /// <summary>
    /// Whether they have been the same for so long, and are known of late, that no other node is likely to share the store: what none of these ids is
    /// responsible for, nobody of the cluster is.
    /// </summary>
    public bool AreSettled => _ids.Count > 0
        && time.GetElapsedTime(Volatile.Read(ref _changedAt)) >= SettledAfter
        && time.GetElapsedTime(Volatile.Read(ref _updatedAt)) < KnownFor;

    public bool Contains(NodeId id) => _ids.Contains(id);

    /// <summary>
    /// Whether it is one that may not have heard of this node yet. It would take what this node sends for a stranger's, and bring a value back that was
    /// deleted meanwhile.
    /// </summary>
    public bool MayBeNewTo(NodeId id) => _ids.Contains(id) && time.GetElapsedTime(Volatile.Read(ref _newSince)) < HeardOfAfter;

    /// <summary>The nearest to a key of these ids and another one. If it is not among the k nearest, none of them is.</summary>
    public NodeId NearestTo(NodeId key, NodeId ownId)
    {
        var nearest = ownId;
        foreach (var id in _ids)
        {
            nearest = id.DistanceTo(key) < nearest.DistanceTo(key) ? id : nearest;
        }

        return nearest;
    }

    public void Update(IEnumerable<NodeId> ids)
    {
        HashSet<NodeId> updated = [.. ids];
        var isChanged = !updated.SetEquals(_ids);
        if (isChanged || time.GetElapsedTime(Volatile.Read(ref _updatedAt)) >= ForgottenAfter)
        {
            Volatile.Write(ref _newSince, time.GetTimestamp());
        }

        if (isChanged)
        {
            // First: with the ids of now and the time of before they would be settled.
            Volatile.Write(ref _changedAt, time.GetTimestamp());
            _ids = updated;
        }

        Volatile.Write(ref _updatedAt, time.GetTimestamp());
    }
}

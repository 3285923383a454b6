namespace KadOrleans.Node;

/// <summary>
/// The node ids that share this node's key store: those of a cluster's edges. What one of them sends was decided there before, and may be
/// of a value that was replaced or deleted since, so it changes nothing here. Whoever only claims such an id has no more from it.
/// </summary>
internal sealed class SiblingIds
{
    // Replaced as a whole, so that readers need no lock.
    private volatile HashSet<NodeId> _ids = [];

    public bool Contains(NodeId id) => _ids.Contains(id);

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

    public void Follow(IEnumerable<NodeId> ids) => _ids = [.. ids];
}

namespace KadOrleans.Core.Values;

/// <summary>Whether a publisher is itself one of the k nodes that hold a value.</summary>
public static class LocalCopyRule
{
    /// <summary>
    /// True if this node is nearer to the key than the farthest of the contacts a lookup found, or if they are fewer
    /// than k.
    /// </summary>
    public static bool Applies(NodeId key, NodeId ownId, IReadOnlyList<Contact> closest, int bucketSize)
    {
        ArgumentNullException.ThrowIfNull(closest);
        return closest.Count < bucketSize
            || ownId.DistanceTo(key) < closest[^1].Id.DistanceTo(key);
    }
}

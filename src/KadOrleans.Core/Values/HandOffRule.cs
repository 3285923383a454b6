namespace KadOrleans.Core.Values;

/// <summary>
/// Decides which node hands a value off to a new contact (Kademlia §2.5). It is the holder nearest to the key, so the new contact gets the
/// value once.
/// </summary>
public static class HandOffRule
{
    /// <summary>Whether this node should hand <paramref name="key"/> off to <paramref name="newcomer"/>.</summary>
    /// <param name="key">The key that is held.</param>
    /// <param name="ownId">This node.</param>
    /// <param name="newcomer">A verified contact that has just entered the table.</param>
    /// <param name="nearest">The known contacts nearest to the key, nearest first, at most k, without the new contact.</param>
    /// <param name="bucketSize">k.</param>
    public static bool Applies(
        NodeId key, NodeId ownId, NodeId newcomer, ReadOnlySpan<Contact> nearest, int bucketSize)
    {
        if (nearest.IsEmpty)
        {
            return true;
        }

        if (ownId.DistanceTo(key) > nearest[0].Id.DistanceTo(key))
        {
            return false;
        }

        return nearest.Length < bucketSize || newcomer.DistanceTo(key) < nearest[^1].Id.DistanceTo(key);
    }
}

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

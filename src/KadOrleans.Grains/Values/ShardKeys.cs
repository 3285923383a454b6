using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

/// <summary>
/// A shard's keys in order. Nothing is kept between two calls: each looks at the whole index, and remembers no more keys than it returns
/// twice over.
/// </summary>
/// <param name="shard">The keys.</param>
internal sealed class ShardKeys(KeyShard shard)
{
    /// <summary>The next keys of a region, expired ones included.</summary>
    /// <param name="region">The region.</param>
    /// <param name="after">The key before the first one. Null: from the start.</param>
    /// <param name="count">The most keys to return.</param>
    public List<NodeId> Find(KeyRegion region, NodeId? after, int count) => Find(after, count, held => region.Contains(held.Key));

    /// <summary>The next keys that match a condition.</summary>
    public List<NodeId> Find(NodeId? after, int count, Func<HeldKey, bool> isSuch)
    {
        var found = new List<NodeId>();
        NodeId? bound = null;
        for (var slot = 0; slot < shard.Slots; slot++)
        {
            if (!shard.TryGetAt(slot, out var held) || held.Key <= after || held.Key >= bound || !isSuch(held))
            {
                continue;
            }

            found.Add(held.Key);
            if (found.Count == 2 * count)
            {
                Keep(found, count);
                bound = found[^1];
            }
        }

        Keep(found, count);
        return found;
    }

    private static void Keep(List<NodeId> found, int count)
    {
        found.Sort();
        found.RemoveRange(Math.Min(count, found.Count), Math.Max(0, found.Count - count));
    }
}

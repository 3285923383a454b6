namespace KadOrleans.Shards;

// A shard's keys in order. Each search reads the whole index. So a scan that continues searches for more keys than it returns, and
// keeps the rest for its next pages. A key that is stored after such a search may be left out.
internal sealed class OrderedKeys(KeyShard shard)
{
    /// <summary>The most pages of one search: 1.3 MB of keys with pages of 1,024.</summary>
    private const int MaxPages = 64;

    // Weak: nobody says that a scan has ended.
    private readonly WeakReference<Batch?> _kept = new(null);

    public List<NodeId> Find(KeyRegion region, NodeId? after, int count)
    {
        var found = new List<NodeId>();
        var batch = _kept.TryGetTarget(out var kept) && kept.Region == region && kept.Last == after ? kept : null;
        while (true)
        {
            batch = batch is null ? Search(region, after, count)
                : batch.HasMore || batch.IsEnd ? batch
                : Search(region, batch.Last, Math.Min(2 * batch.Size, MaxPages * count));
            while (found.Count < count && batch.HasMore)
            {
                if (shard.TryFind(batch.Take(), out var held))
                {
                    found.Add(held.Key);
                }
            }

            if (found.Count == count || batch.IsEnd)
            {
                _kept.SetTarget(batch.IsEnd && !batch.HasMore ? null : batch);
                return found;
            }
        }
    }

    /// <summary>The next keys that match a condition, by one search.</summary>
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

    private Batch Search(KeyRegion region, NodeId? after, int count) =>
        new(region, Find(after, count, held => region.Contains(held.Key)), count);

    private static void Keep(List<NodeId> found, int count)
    {
        found.Sort();
        found.RemoveRange(Math.Min(count, found.Count), Math.Max(0, found.Count - count));
    }

    private sealed class Batch(KeyRegion region, List<NodeId> keys, int size)
    {
        private int _taken;

        public KeyRegion Region => region;

        public int Size => size;

        public NodeId? Last => _taken == 0 ? null : keys[_taken - 1];

        public bool HasMore => _taken < keys.Count;

        /// <summary>Whether no keys come after it.</summary>
        public bool IsEnd => keys.Count < size;

        public NodeId Take() => keys[_taken++];
    }
}

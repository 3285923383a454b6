namespace KadOrleans.Core.Routing;

/// <summary>The buckets of a table, ordered by range; together they cover every id once (Kademlia §2.4).</summary>
internal sealed class BucketTree(NodeId ownId, KademliaOptions options, DateTimeOffset now)
{
    private readonly List<KBucket> _buckets = [new KBucket(BucketRange.Whole, options, now)];

    public IReadOnlyList<KBucket> Buckets => _buckets;

    public KBucket Find(NodeId id) => _buckets[IndexOf(id)];

    /// <summary>
    /// Whether a full bucket may be split: it covers our own id, or its depth is no multiple of b (Kademlia §4.2). The depth is that of the
    /// range. A depth taken from the ids that happen to be inside would let a stranger with chosen ids make the table grow without bound.
    /// </summary>
    public bool CanSplit(KBucket bucket) =>
        bucket.Range.Depth < NodeId.BitLength
        && (bucket.Range.Contains(ownId) || bucket.Range.Depth % options.SplitDepth != 0);

    public (KBucket Lower, KBucket Upper) Split(KBucket bucket)
    {
        var halves = bucket.Split();
        var index = IndexOf(bucket.Range.Prefix);
        _buckets[index] = halves.Lower;
        _buckets.Insert(index + 1, halves.Upper);
        return halves;
    }

    private int IndexOf(NodeId id)
    {
        var low = 0;
        var high = _buckets.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_buckets[middle].Range.Prefix <= id)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}

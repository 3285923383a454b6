using System.Runtime.InteropServices;

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
        var index = CollectionsMarshal.AsSpan(_buckets).BinarySearch(new IdSearch(id));
        return index < 0 ? ~index - 1 : index;
    }
}

/// <summary>Looks for an id in what is sorted by ids or by prefixes, without allocating.</summary>
internal readonly struct IdSearch(NodeId id) : IComparable<Contact>, IComparable<KBucket>, IComparable<BucketRoom>
{
    private readonly NodeId _id = id;

    public int CompareTo(Contact other) => _id.CompareTo(other.Id);

    public int CompareTo(KBucket? other) => _id.CompareTo(other!.Range.Prefix);

    public int CompareTo(BucketRoom other) => _id.CompareTo(other.Range.Prefix);
}

namespace KadOrleans.Core.Routing;

// The places of a table, with the counts of endpoints and subnets. It knows where there is room, and decides nothing. Its buckets
// together cover every id once (Kademlia §2.4).
internal sealed class TablePlaces(NodeId ownId, KademliaOptions options, SubnetDiversity diversity, DateTimeOffset now)
{
    // An endpoint is one node, and so has one entry.
    private readonly Dictionary<UdpEndpoint, NodeId> _byEndpoint = [];

    private readonly List<KBucket> _buckets = [new KBucket(BucketRange.Whole, options, now)];

    // By ascending id, as snapshots have them: one is taken after nearly every change.
    private readonly List<Contact> _sorted = [];

    public IReadOnlyList<KBucket> Buckets => _buckets;

    public List<Contact> Arrivals { get; } = [];

    public int Count => _byEndpoint.Count;

    public long Version { get; set; }

    public Contact[] Sorted() => [.. _sorted];

    public bool TryGetId(UdpEndpoint endpoint, out NodeId id) => _byEndpoint.TryGetValue(endpoint, out id);

    public KBucket Find(NodeId id) => _buckets[BucketOf(id)];

    // A full bucket may be split if it covers our own id, or its depth is no multiple of b (Kademlia §4.2). A depth taken from
    // the ids inside would let a stranger with chosen ids make the table grow without bound.
    public bool CanSplit(KBucket bucket) =>
        bucket.Range.Depth < NodeId.BitLength
        && (bucket.Range.Contains(ownId) || bucket.Range.Depth % options.SplitDepth != 0);

    public (KBucket Lower, KBucket Upper) Split(KBucket bucket)
    {
        var halves = bucket.Split();
        var index = BucketOf(bucket.Range.Prefix);
        _buckets[index] = halves.Lower;
        _buckets.Insert(index + 1, halves.Upper);
        return halves;
    }

    // Adds an entry whose id is not in the table, splitting buckets as far as the rules allow. It waits as a replacement only if
    // its subnet may have another contact. One of each subnet waits, so one network cannot fill the replacements. Returns whether
    // it waits.
    public bool Insert(BucketEntry entry)
    {
        var id = entry.Contact.Id;
        var bucket = Find(id);
        var wanted = WantsReplacements(bucket);
        bucket.Replacements.Remove(id);
        List<KBucket>? otherHalves = null;
        while (bucket.IsFull && CanSplit(bucket))
        {
            var (lower, upper) = Split(bucket);
            Version++;
            bucket = Find(id);
            (otherHalves ??= []).Add(bucket == lower ? upper : lower);
        }

        var isDiverse = IsDiverse(bucket, entry.Contact.Endpoint);
        var isWaiting = isDiverse && bucket.IsFull;
        if (isWaiting)
        {
            KeepAsReplacement(bucket, new Replacement(entry.Contact, entry.LastSeen));
            Version += wanted && !WantsReplacements(bucket) ? 1 : 0;
        }
        else if (isDiverse)
        {
            Add(bucket, entry);
        }

        if (otherHalves is not null)
        {
            // Only now, so that the newcomer comes before those that wait.
            Promote(bucket);
            otherHalves.ForEach(half => Promote(half));
        }

        return isWaiting;
    }

    public void KeepAsReplacement(KBucket bucket, Replacement replacement)
    {
        var endpoint = replacement.Contact.Endpoint;
        if (!diversity.IsExempt(endpoint))
        {
            bucket.Replacements.Remove(SourceNetwork.SubnetOf(endpoint));
        }

        bucket.Replacements.Put(replacement);
    }

    // Fills free places: first by the other endpoint of the id that left, then by the newest. A replacement whose endpoint is
    // known under another id is stale. One whose subnet has its share goes on waiting.
    public void Promote(KBucket bucket, NodeId? preferred = null)
    {
        var replacements = bucket.Replacements;
        if (preferred is { } id && replacements.IndexOf(id) is >= 0 and var index)
        {
            TryPromote(bucket, index);
        }

        for (var i = replacements.Items.Count - 1; i >= 0 && !bucket.IsFull; i--)
        {
            TryPromote(bucket, i);
        }
    }

    private void TryPromote(KBucket bucket, int index)
    {
        var (contact, lastSeen) = bucket.Replacements.Items[index];
        if (_byEndpoint.ContainsKey(contact.Endpoint))
        {
            bucket.Replacements.Items.RemoveAt(index);
        }
        else if (!bucket.IsFull && bucket.Find(contact.Id) is null && IsDiverse(bucket, contact.Endpoint))
        {
            bucket.Replacements.Items.RemoveAt(index);
            Add(bucket, new BucketEntry(contact, lastSeen));
        }
    }

    /// <summary>Until k contacts wait: enough to replace all it holds. The cache takes more, but pings none.</summary>
    public bool WantsReplacements(KBucket bucket) =>
        bucket.Replacements.Items.Count < Math.Min(options.BucketSize, options.ReplacementCacheSize);

    private bool IsDiverse(KBucket bucket, UdpEndpoint endpoint) =>
        diversity.IsExempt(endpoint) || diversity.Allows(endpoint, bucket.CountSubnet(SourceNetwork.SubnetOf(endpoint)));

    private void Add(KBucket bucket, BucketEntry entry)
    {
        bucket.Insert(entry);
        _sorted.Insert(IndexOf(entry.Contact.Id), entry.Contact);
        _byEndpoint.Add(entry.Contact.Endpoint, entry.Contact.Id);
        diversity.Add(entry.Contact.Endpoint);
        Arrivals.Add(entry.Contact);
        Version++;
    }

    public void Remove(KBucket bucket, BucketEntry entry)
    {
        bucket.Remove(entry);
        _sorted.RemoveAt(IndexOf(entry.Contact.Id));
        _byEndpoint.Remove(entry.Contact.Endpoint);
        diversity.Remove(entry.Contact.Endpoint);
        Version++;
    }

    private int BucketOf(NodeId id)
    {
        var index = CollectionsMarshal.AsSpan(_buckets).BinarySearch(new IdSearch(id));
        return index < 0 ? ~index - 1 : index;
    }

    private int IndexOf(NodeId id)
    {
        var index = CollectionsMarshal.AsSpan(_sorted).BinarySearch(new IdSearch(id));
        return index < 0 ? ~index : index;
    }
}

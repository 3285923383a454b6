namespace KadOrleans.Core.Routing;

/// <summary>Up to k contacts of one range, least recently seen first (Kademlia §2.2), and their replacements.</summary>
internal sealed class KBucket(BucketRange range, KademliaOptions options, DateTimeOffset lastLookup)
{
    // A contact that answered within this time is not pinged to make room (BEP 5, "Routing Table": after 15 minutes it is questionable). If too
    // short, every new contact of a busy bucket costs a ping, and the contact pinged may ping back; if too long, a dead contact keeps its place
    // from live ones. One that leaves a request unanswered is pinged at once.
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(15);

    // The pause between checks of a contact. It is longer than a ping with its retry takes, so new contacts that arrive together
    // cannot turn one short outage into several failures.
    public static readonly TimeSpan CheckPause = TimeSpan.FromSeconds(10);

    private readonly List<BucketEntry> _entries = [];

    public BucketRange Range { get; } = range;

    public IReadOnlyList<BucketEntry> Entries => _entries;

    public ReplacementCache Replacements { get; } = new(options.ReplacementCacheSize);

    public DateTimeOffset LastLookup { get; set; } = lastLookup;

    public bool IsFull => _entries.Count >= options.BucketSize;

    public BucketEntry? Find(NodeId id)
    {
        foreach (var entry in _entries)
        {
            if (entry.Contact.Id == id)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>By the time it was last seen: a promoted replacement that has not answered for long stays old.</summary>
    public void Insert(BucketEntry entry)
    {
        var index = _entries.Count;
        while (index > 0 && _entries[index - 1].LastSeen > entry.LastSeen)
        {
            index--;
        }

        _entries.Insert(index, entry);
    }

    public void Remove(BucketEntry entry) => _entries.Remove(entry);

    public void Refresh(BucketEntry entry, DateTimeOffset now)
    {
        _entries.Remove(entry);
        entry.Answered(now);
        Insert(entry);
    }

    public int CountSubnet(SourceNetwork subnet) =>
        _entries.Count(entry => SourceNetwork.SubnetOf(entry.Contact.Endpoint) == subnet);

    // The contact to ping when a new one wants its place: the least recently seen that failed, else the head if not seen for
    // FreshFor. Null when all are responsive: contacts that have lived long are likely to go on living (Kademlia §2.2). One that
    // failed is not replaced at once: the fault may have been our own network's.
    public Contact? ChooseCheck(DateTimeOffset now)
    {
        var doubtful = _entries.Find(entry => entry.Failures > 0)
            ?? (_entries.Count > 0 && now.Since(_entries[0].LastSeen) >= FreshFor ? _entries[0] : null);
        return doubtful is null ? null : Check(doubtful, now);
    }

    public static Contact? Check(BucketEntry entry, DateTimeOffset now)
    {
        if (now.Since(entry.LastCheck) < CheckPause)
        {
            return null;
        }

        entry.LastCheck = now;
        return entry.Contact;
    }

    public (KBucket Lower, KBucket Upper) Split()
    {
        var lower = new KBucket(Range.LowerHalf, options, LastLookup);
        var upper = new KBucket(Range.UpperHalf, options, LastLookup);
        foreach (var entry in _entries)
        {
            Half(entry.Contact.Id)._entries.Add(entry);
        }

        foreach (var replacement in Replacements.Items)
        {
            Half(replacement.Contact.Id).Replacements.Put(replacement);
        }

        return (lower, upper);

        KBucket Half(NodeId id) => id.GetBit(Range.Depth) ? upper : lower;
    }
}

using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Routing;

/// <summary>Up to k contacts of one range, least recently seen first (Kademlia §2.2), and those that wait for their places.</summary>
internal sealed class KBucket(BucketRange range, KademliaOptions options, DateTimeOffset lastLookup)
{
    /// <summary>
    /// A contact that answered within this time is not pinged to make room for a new one. If it is too short, every new contact of a busy
    /// bucket costs a ping. If it is too long, a dead contact keeps its place from live ones.
    /// </summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The pause between two checks of one contact. It is longer than a ping with its retry takes, so new contacts that arrive together
    /// cannot turn one short outage into several failures.
    /// </summary>
    public static readonly TimeSpan CheckPause = TimeSpan.FromSeconds(10);

    private readonly List<BucketEntry> _entries = [];

    public BucketRange Range { get; } = range;

    /// <summary>Least recently seen first.</summary>
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

    /// <summary>Places an entry by the time it was last seen: a promoted replacement that has not answered for long stays old.</summary>
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

    public int CountSubnet(SourceNetwork subnet)
    {
        var count = 0;
        foreach (var entry in _entries)
        {
            if (SourceNetwork.SubnetOf(entry.Contact.Endpoint) == subnet)
            {
                count++;
            }
        }

        return count;
    }

    /// <summary>
    /// The contact to ping when a new one wants its place. It is the least recently seen of those that failed, else the head if it has not
    /// answered for <see cref="FreshFor"/>. Null when all are responsive: contacts that have lived long are likely to go on living, so they
    /// are preferred to new ones (Kademlia §2.2). One that failed is not replaced at once: the fault may have been our own network's.
    /// </summary>
    public Contact? ChooseCheck(DateTimeOffset now)
    {
        var doubtful = _entries.Find(entry => entry.Failures > 0);
        if (doubtful is null && _entries.Count > 0 && now.Since(_entries[0].LastSeen) >= FreshFor)
        {
            doubtful = _entries[0];
        }

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

        for (var i = 0; i < Replacements.Count; i++)
        {
            Half(Replacements[i].Contact.Id).Replacements.Put(Replacements[i]);
        }

        return (lower, upper);

        KBucket Half(NodeId id) => id.GetBit(Range.Depth) ? upper : lower;
    }
}

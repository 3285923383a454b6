using System.Runtime.InteropServices;
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

/// <summary>Verified contacts that wait for a place in a full bucket, newest last (Kademlia §4.1).</summary>
internal sealed class ReplacementCache(int capacity)
{
    private readonly List<Replacement> _items = [];

    public int Count => _items.Count;

    public IReadOnlyList<Replacement> Items => _items;

    public Replacement this[int index] => _items[index];

    /// <summary>
    /// Remembers a contact as the newest, in place of any other of its id. The oldest gives way when there is no room,
    /// so a stranger can push out others that wait, but no contact of a bucket.
    /// </summary>
    public void Put(Replacement replacement)
    {
        Remove(replacement.Contact.Id);
        _items.Add(replacement);
        if (_items.Count > capacity)
        {
            _items.RemoveAt(0);
        }
    }

    /// <summary>Removes the entries of a network (/24 or /48), so that each network has at most one place.</summary>
    public void Remove(SourceNetwork network) =>
        _items.RemoveAll(item => SourceNetwork.SubnetOf(item.Contact.Endpoint) == network);

    public bool Remove(NodeId id)
    {
        var index = IndexOf(id);
        if (index >= 0)
        {
            _items.RemoveAt(index);
        }

        return index >= 0;
    }

    public bool Remove(Contact contact) =>
        IndexOf(contact.Id) is >= 0 and var index && _items[index].Contact == contact && Remove(contact.Id);

    public void RemoveAt(int index) => _items.RemoveAt(index);

    public int IndexOf(NodeId id)
    {
        for (var i = 0; i < _items.Count; i++)
        {
            if (_items[i].Contact.Id == id)
            {
                return i;
            }
        }

        return -1;
    }
}

internal readonly record struct Replacement(Contact Contact, DateTimeOffset LastSeen);

internal sealed class BucketEntry(Contact contact, DateTimeOffset lastSeen, int failures = 0)
{
    /// <summary>
    /// Failures within this time after a counted one are the same failure. So concurrent requests of several lookups cannot drop a contact,
    /// or empty the table, in one short outage. It is as long as the longest timeout of a request.
    /// </summary>
    public static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);

    private DateTimeOffset _lastFailure = DateTimeOffset.MinValue;

    public Contact Contact { get; } = contact;

    public DateTimeOffset FirstSeen { get; init; } = lastSeen;

    public DateTimeOffset LastSeen { get; private set; } = lastSeen;

    /// <summary>Requests left unanswered since it last answered.</summary>
    public int Failures { get; private set; } = failures;

    /// <summary>When the caller was last asked to ping it.</summary>
    public DateTimeOffset LastCheck { get; set; } = DateTimeOffset.MinValue;

    public void Answered(DateTimeOffset now)
    {
        LastSeen = now;
        Failures = 0;
    }

    public bool Failed(DateTimeOffset now)
    {
        if (Failures > 0 && now.Since(_lastFailure) < FailurePause)
        {
            return false;
        }

        _lastFailure = now;
        Failures++;
        return true;
    }
}

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

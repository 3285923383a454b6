namespace KadOrleans.Core.Routing;

// The contacts of one node (Kademlia §2.4, §4.1, §4.2). It learns by observations and returns what the caller should do. Not safe
// for several threads: the owner serialises calls and publishes snapshots.
internal sealed class RoutingTable(NodeId ownId, KademliaOptions options, SubnetDiversity diversity, DateTimeOffset now)
{
    private readonly TablePlaces _places = new(ownId, options, diversity, now);
    private readonly FormerContacts _former = new(diversity.Beside());
    private RoutingTableSnapshot? _snapshot;

    public NodeId OwnId { get; } = ownId;

    public int Count => _places.Count;

    /// <summary>Grows whenever a contact comes or goes or a bucket is split.</summary>
    public long Version => _places.Version;

    public RoutingTableSnapshot Snapshot => _snapshot?.Version == Version ? _snapshot : _snapshot = TakeSnapshot();

    internal IReadOnlyList<KBucket> Buckets => _places.Buckets;

    /// <summary>Whether there are contacts that answered for some minutes, or were and are remembered as former ones.</summary>
    public bool HasHadContacts => _former.HasLasting
        || Buckets.Any(bucket => bucket.Entries.Any(entry => FormerContacts.IsLasting(entry.FirstSeen, entry.LastSeen)));

    public IEnumerable<SavedContact> Former => _former.Items;

    public bool Contains(NodeId id) => _places.Find(id).Find(id) is not null;

    public bool Contains(UdpEndpoint endpoint) => _places.TryGetId(endpoint, out _);

    public bool Contains(Contact contact) => _places.TryGetId(contact.Endpoint, out var id) && id == contact.Id;

    public TableDecision Apply(ContactObservation observation, DateTimeOffset now) => observation.Kind switch
    {
        ObservationKind.Answered => ApplyAnswer(observation.Contact, now),
        ObservationKind.Failed => ApplyFailure(observation.Contact, now),
        ObservationKind.LookedUp => ApplyLookup(observation.Contact.Id, now),
        ObservationKind.Dropped => ApplyFailure(observation.Contact, now, isFinal: true),
        _ => throw new ArgumentOutOfRangeException(nameof(observation), observation.Kind, "Unknown kind."),
    };

    /// <summary>Former contacts to ping now. Called once a minute; see <see cref="FormerContacts.Take"/>.</summary>
    public FormerContactsNews TakeFormer(DateTimeOffset now) =>
        _former.Take(options.BucketSize, Count, now) with { HasLasting = HasHadContacts };

    /// <summary>Forgets an id among the former contacts.</summary>
    public bool Forget(NodeId id) => _former.Forget(id);

    /// <summary>Adds contacts that were known before a restart, and have yet to answer.</summary>
    public void AddFormer(IEnumerable<SavedContact> contacts, DateTimeOffset now)
    {
        foreach (var saved in contacts.Where(saved => IsPossible(saved.Contact) && !Contains(saved.Contact.Endpoint)))
        {
            _former.Add(saved with { LastSeen = Earlier(saved.LastSeen, now) }, now);
        }
    }

    public IReadOnlyList<BucketSummary> Describe() =>
    [
        .. from bucket in Buckets
           select new BucketSummary(
               bucket.Range.Prefix, bucket.Range.Depth, bucket.Entries.Count, bucket.Replacements.Items.Count, bucket.LastLookup),
    ];

    public IReadOnlyList<KnownContact> Find(NodeId id)
    {
        var bucket = _places.Find(id);
        var waiting = bucket.Replacements.Items.Where(item => item.Contact.Id == id)
            .Select(item => new KnownContact(item.Contact, true, item.LastSeen, item.LastSeen, 0));
        var former = DescribeFormer().Where(known => known.Contact.Id == id);
        return bucket.Find(id) is { } entry ? [Describe(entry), .. waiting, .. former] : [.. waiting, .. former];
    }

    /// <summary>The contacts in the buckets.</summary>
    public IEnumerable<KnownContact> DescribeContacts() => Buckets.SelectMany(bucket => bucket.Entries).Select(Describe);

    /// <summary>The contacts that were dropped as they did not answer, in the order they were lost.</summary>
    public IEnumerable<KnownContact> DescribeFormer() => Former.Select(saved =>
        new KnownContact(saved.Contact, false, saved.FirstSeen ?? saved.LastSeen, saved.LastSeen, saved.Failures) { IsFormer = true });

    public RoutingTableState Save() => new(
        OwnId,
        Version,
        [.. from bucket in Buckets select Save(bucket)])
    {
        Former = [.. Former],
    };

    // Adds saved contacts again, least recently seen first, so every rule holds even if options, trusted ranges or stored bytes
    // have changed. If none of them changed it is the same table. The version is above the saved one; no saved time counts as
    // later than now.
    public static RoutingTable Restore(
        RoutingTableState state, KademliaOptions options, SubnetDiversity diversity, DateTimeOffset now)
    {
        var table = new RoutingTable(state.OwnId, options, diversity, now);
        table._places.Version = state.Version;
        foreach (var saved in state.Buckets)
        {
            table.RestoreRange(saved.Range);
        }

        foreach (var saved in state.Buckets.SelectMany(bucket => bucket.Contacts).OrderBy(saved => saved.LastSeen))
        {
            table.RestoreContact(saved, now);
        }

        foreach (var saved in state.Buckets.SelectMany(bucket => bucket.Replacements).OrderBy(saved => saved.LastSeen))
        {
            table.RestoreReplacement(saved, now);
        }

        foreach (var bucket in table.Buckets)
        {
            bucket.LastLookup = LastLookup(bucket.Range, state, now);
        }

        table.AddFormer(state.Former, now);
        table._places.Arrivals.Clear();
        table._places.Version++;
        return table;
    }

    private TableDecision ApplyLookup(NodeId target, DateTimeOffset now)
    {
        _places.Find(target).LastLookup = now;
        return default;
    }

    private TableDecision ApplyAnswer(Contact contact, DateTimeOffset now)
    {
        if (!contact.Endpoint.IsUnicast)
        {
            return default;
        }

        _former.Answered(contact.Endpoint, now);
        var former = RemoveFormerId(contact);
        var check = contact.Id == OwnId ? null : Place(contact, now);
        if (former is { } dropped)
        {
            // Only now, so that the newcomer comes before those that wait.
            _places.Promote(_places.Find(dropped.Id), dropped.Id);
        }

        return new TableDecision { Added = TakeArrivals(), Dropped = former, Check = check };
    }

    private TableDecision ApplyFailure(Contact contact, DateTimeOffset now, bool isFinal = false)
    {
        var bucket = _places.Find(contact.Id);
        var entry = bucket.Find(contact.Id);
        if (isFinal)
        {
            _former.Forget(contact.Id);
        }

        if (entry is null || entry.Contact != contact)
        {
            bucket.Replacements.Remove(contact);
            return default;
        }

        if (!isFinal && (!entry.Failed(now) || entry.Failures < options.FailuresBeforeDrop))
        {
            return default;
        }

        _places.Remove(bucket, entry);
        if (!isFinal)
        {
            _former.Add(Save(entry), now);
        }

        _places.Promote(bucket, contact.Id);
        return new TableDecision { Added = TakeArrivals(), Dropped = contact };
    }

    private Contact? RemoveFormerId(Contact contact)
    {
        if (!_places.TryGetId(contact.Endpoint, out var formerId) || formerId == contact.Id)
        {
            return null;
        }

        var bucket = _places.Find(formerId);
        var entry = bucket.Find(formerId)!;
        _places.Remove(bucket, entry);
        return entry.Contact;
    }

    // Returns a contact to ping.
    private Contact? Place(Contact contact, DateTimeOffset now)
    {
        var bucket = _places.Find(contact.Id);
        var entry = bucket.Find(contact.Id);
        if (entry is null)
        {
            return _places.Insert(new BucketEntry(contact, now)) ? _places.Find(contact.Id).ChooseCheck(now) : null;
        }

        if (entry.Contact == contact)
        {
            // It lives, so nobody else gets its id.
            bucket.Replacements.Remove(contact.Id);
            bucket.Refresh(entry, now);
            return null;
        }

        // Ids are not proved by any secret: a known address must fail before another takes its id over.
        _places.KeepAsReplacement(bucket, new Replacement(contact, now));
        return KBucket.Check(entry, now);
    }

    private Contact[] TakeArrivals()
    {
        Contact[] arrivals = [.. _places.Arrivals];
        _places.Arrivals.Clear();
        return arrivals;
    }

    private RoutingTableSnapshot TakeSnapshot() =>
        RoutingTableSnapshot.OfSorted(
            OwnId, Version, _places.Sorted(), [.. Buckets.Select(RoomOf)]);

    private BucketRoom RoomOf(KBucket bucket)
    {
        var isFull = bucket.IsFull && !_places.CanSplit(bucket);
        return new BucketRoom(bucket.Range, !isFull || _places.WantsReplacements(bucket)) { IsFull = isFull };
    }

    private static SavedBucket Save(KBucket bucket) => new(
        bucket.Range,
        bucket.LastLookup,
        [.. bucket.Entries.Select(Save)],
        [.. bucket.Replacements.Items.Select(item => new SavedContact(item.Contact, item.LastSeen, Failures: 0))]);

    private static KnownContact Describe(BucketEntry entry) => new(entry.Contact, false, entry.FirstSeen, entry.LastSeen, entry.Failures);

    private static SavedContact Save(BucketEntry entry) =>
        new(entry.Contact, entry.LastSeen, entry.Failures) { FirstSeen = entry.FirstSeen };

    private static DateTimeOffset LastLookup(BucketRange range, RoutingTableState state, DateTimeOffset now) =>
        state.Buckets.Where(saved => saved.Range.Overlaps(range)).Select(saved => saved.LastLookup).Append(now).Min();

    private void RestoreRange(BucketRange range)
    {
        var bucket = _places.Find(range.Prefix);
        while (bucket.Range.Depth < range.Depth && _places.CanSplit(bucket))
        {
            _places.Split(bucket);
            bucket = _places.Find(range.Prefix);
        }
    }

    private void RestoreContact(SavedContact saved, DateTimeOffset now)
    {
        if (IsPossible(saved.Contact) && !Contains(saved.Contact.Id) && !Contains(saved.Contact.Endpoint))
        {
            var lastSeen = Earlier(saved.LastSeen, now);
            _places.Insert(new BucketEntry(saved.Contact, lastSeen, saved.Failures) { FirstSeen = Earlier(saved.FirstSeen ?? lastSeen, lastSeen) });
        }
    }

    private void RestoreReplacement(SavedContact saved, DateTimeOffset now)
    {
        if (IsPossible(saved.Contact) && !Contains(saved.Contact))
        {
            var bucket = _places.Find(saved.Contact.Id);
            _places.KeepAsReplacement(bucket, new Replacement(saved.Contact, Earlier(saved.LastSeen, now)));
        }
    }

    private bool IsPossible(Contact contact) => contact.Id != OwnId && contact.Endpoint.IsUnicast;

    private static DateTimeOffset Earlier(DateTimeOffset time, DateTimeOffset now) => time < now ? time : now;
}

internal readonly record struct TableDecision
{
    /// <summary>The contacts that entered: the newcomer, then replacements. They are due for hand-off (Kademlia §2.5).</summary>
    public IReadOnlyList<Contact> Added { get => field ?? []; init; }

    /// <summary>A contact that failed too often, or the former id of an endpoint that now answers with another.</summary>
    public Contact? Dropped { get; init; }

    /// <summary>A contact to ping: another wants its place, or its id answers elsewhere.</summary>
    public Contact? Check { get; init; }
}

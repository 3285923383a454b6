using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Routing;

/// <summary>
/// The contacts of one node (Kademlia §2.4, §4.1, §4.2). It learns by observations, never acts, and says what the
/// caller should do. Not safe for several threads: whoever owns it serialises calls and hands out snapshots.
/// </summary>
public sealed partial class RoutingTable
{
    private readonly KademliaOptions _options;
    private readonly SubnetDiversity _diversity;
    private readonly BucketTree _tree;

    // The id that each endpoint of the table answered with: an endpoint is one node and so has one entry.
    private readonly Dictionary<UdpEndpoint, NodeId> _byEndpoint = [];

    // The contacts by ascending id, as snapshots have them: one is taken after nearly every change.
    private readonly List<Contact> _sorted = [];

    // Who entered while the current observation was applied; empty between calls.
    private readonly List<Contact> _arrivals = [];
    private RoutingTableSnapshot? _snapshot;

    /// <summary>An empty table: one bucket that covers every id.</summary>
    /// <param name="ownId">The id of the node, which never is a contact.</param>
    /// <param name="options">k, b and the bounds.</param>
    /// <param name="diversity">Counts this table's contacts; not shared with another table.</param>
    /// <param name="now">When the bucket counts as looked up.</param>
    public RoutingTable(NodeId ownId, KademliaOptions options, SubnetDiversity diversity, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(diversity);
        OwnId = ownId;
        _options = options;
        _diversity = diversity;
        _tree = new BucketTree(ownId, options, now);
    }

    /// <summary>The id of the node.</summary>
    public NodeId OwnId { get; }

    /// <summary>Contacts in the table, replacements not counted.</summary>
    public int Count => _byEndpoint.Count;

    /// <summary>Grows whenever a contact comes or goes or a bucket is split.</summary>
    public long Version { get; private set; }

    /// <summary>The contacts as they are now; made anew only when <see cref="Version"/> has moved on.</summary>
    public RoutingTableSnapshot Snapshot => _snapshot?.Version == Version ? _snapshot : _snapshot = TakeSnapshot();

    internal IReadOnlyList<KBucket> Buckets => _tree.Buckets;

    /// <summary>Whether a contact has this id.</summary>
    public bool Contains(NodeId id) => _tree.Find(id).Find(id) is not null;

    /// <summary>Whether a contact has this endpoint.</summary>
    public bool Contains(UdpEndpoint endpoint) => _byEndpoint.ContainsKey(endpoint);

    /// <summary>Whether a contact has this id and this endpoint.</summary>
    public bool Contains(Contact contact) => _byEndpoint.TryGetValue(contact.Endpoint, out var id) && id == contact.Id;

    /// <summary>Learns of an observation.</summary>
    /// <param name="observation">What was seen; see <see cref="ContactObservation"/> for what may be reported.</param>
    /// <param name="now">The time of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The observation's kind is none of the three.</exception>
    public TableDecision Apply(ContactObservation observation, DateTimeOffset now) => observation.Kind switch
    {
        ObservationKind.Answered => ApplyAnswer(observation.Contact, now),
        ObservationKind.Failed => ApplyFailure(observation.Contact, now),
        ObservationKind.LookedUp => ApplyLookup(observation.Contact.Id, now),
        _ => throw new ArgumentOutOfRangeException(nameof(observation), observation.Kind, "Unknown kind."),
    };

    /// <summary>
    /// The ranges that no lookup aimed into for at least <paramref name="interval"/> and that are due for refresh
    /// (Kademlia §2.3). A bucket's creation counts as a lookup, a split does not.
    /// </summary>
    public IReadOnlyList<BucketRange> GetLonelyBuckets(TimeSpan interval, DateTimeOffset now) =>
        [.. from bucket in Buckets where now.Since(bucket.LastLookup) >= interval select bucket.Range];

    /// <summary>All buckets in the order of their ranges.</summary>
    public IReadOnlyList<BucketSummary> Describe()
    {
        var summaries = new BucketSummary[Buckets.Count];
        for (var i = 0; i < summaries.Length; i++)
        {
            var bucket = Buckets[i];
            summaries[i] = new BucketSummary(
                bucket.Range.Prefix,
                bucket.Range.Depth,
                bucket.Entries.Count,
                bucket.Replacements.Count,
                bucket.LastLookup);
        }

        return summaries;
    }

    private TableDecision ApplyLookup(NodeId target, DateTimeOffset now)
    {
        _tree.Find(target).LastLookup = now;
        return new TableDecision(TableOutcome.LookedUp);
    }

    private TableDecision ApplyAnswer(Contact contact, DateTimeOffset now)
    {
        if (!contact.Endpoint.IsUnicast)
        {
            return new TableDecision(TableOutcome.RefusedEndpoint);
        }

        var former = RemoveFormerId(contact);
        var decision = contact.Id == OwnId ? new TableDecision(TableOutcome.RefusedOwnId) : Place(contact, now);
        if (former is { } dropped)
        {
            // Only now, so that the newcomer comes before those that wait.
            Promote(_tree.Find(dropped.Id), dropped.Id);
            decision = decision with { Dropped = dropped };
        }

        return WithArrivals(decision);
    }

    private TableDecision ApplyFailure(Contact contact, DateTimeOffset now)
    {
        var bucket = _tree.Find(contact.Id);
        var entry = bucket.Find(contact.Id);
        if (entry is null || entry.Contact != contact)
        {
            return new TableDecision(bucket.Replacements.Remove(contact)
                ? TableOutcome.ReplacementDropped
                : TableOutcome.Unknown);
        }

        if (!entry.Failed(now) || entry.Failures < _options.FailuresBeforeDrop)
        {
            return new TableDecision(TableOutcome.Failed);
        }

        RemoveEntry(bucket, entry);
        Promote(bucket, contact.Id);
        var outcome = _arrivals.Count == 0 ? TableOutcome.Dropped : TableOutcome.Replaced;
        return WithArrivals(new TableDecision(outcome) { Dropped = contact });
    }

    /// <summary>An endpoint that answers with a new id no longer answers as the old one, which is gone.</summary>
    private Contact? RemoveFormerId(Contact contact)
    {
        if (!_byEndpoint.TryGetValue(contact.Endpoint, out var formerId) || formerId == contact.Id)
        {
            return null;
        }

        var bucket = _tree.Find(formerId);
        var entry = bucket.Find(formerId)!;
        RemoveEntry(bucket, entry);
        return entry.Contact;
    }

    private TableDecision Place(Contact contact, DateTimeOffset now)
    {
        var bucket = _tree.Find(contact.Id);
        var entry = bucket.Find(contact.Id);
        if (entry is null)
        {
            var outcome = Insert(new BucketEntry(contact, now));
            return new TableDecision(outcome)
            {
                Check = outcome == TableOutcome.KeptAsReplacement ? _tree.Find(contact.Id).ChooseCheck(now) : null,
            };
        }

        if (entry.Contact == contact)
        {
            // It lives, so whoever else claimed its id waits in vain.
            bucket.Replacements.Remove(contact.Id);
            bucket.Refresh(entry, now);
            return new TableDecision(TableOutcome.Refreshed);
        }

        // Ids are not proved by any secret: a known address must fail before another takes its id over.
        KeepAsReplacement(bucket, new Replacement(contact, now));
        return new TableDecision(TableOutcome.AddressConflict) { Check = KBucket.Check(entry, now) };
    }

    private RoutingTableSnapshot TakeSnapshot()
    {
        var buckets = _tree.Buckets;
        var rooms = new BucketRoom[buckets.Count];
        for (var i = 0; i < rooms.Length; i++)
        {
            var bucket = buckets[i];
            rooms[i] = new BucketRoom(bucket.Range, !bucket.IsFull || _tree.CanSplit(bucket) || WantsReplacements(bucket));
        }

        return RoutingTableSnapshot.OfSorted(OwnId, Version, [.. _sorted], rooms);
    }
}

namespace KadOrleans.Node;

/// <summary>A routing table in this process. The next snapshot has all observations.</summary>
internal sealed class LocalRoutingTable(RoutingTable table, TimeProvider time) : IRoutingTable
{
    // Guards the table. Readers take the immutable snapshot without it while nothing has changed.
    private readonly Lock _gate = new();
    private volatile RoutingTableSnapshot _snapshot = table.Snapshot;
    private volatile bool _changed;

    /// <summary>An empty table, whose buckets count as looked up at a time; default: now.</summary>
    public LocalRoutingTable(
        NodeId ownId, KademliaOptions options, SubnetDiversity diversity, TimeProvider time, DateTimeOffset? lastLookup = null)
        : this(new RoutingTable(ownId, options, diversity, lastLookup ?? time.GetUtcNow()), time)
    {
    }

    public event Action<Contact>? ContactAdded;

    public event Action<Contact>? CheckNeeded;

    public RoutingTableSnapshot Snapshot => _changed ? TakeSnapshot() : _snapshot;

    public void Observe(ContactObservation observation)
    {
        TableDecision decision;
        lock (_gate)
        {
            decision = table.Apply(observation, time.GetUtcNow());
            _changed |= table.Version != _snapshot.Version;
        }

        Report(decision, ContactAdded, CheckNeeded);
    }

    public bool HasHadContacts => Read(static table => table.HasHadContacts);

    /// <summary>Contacts that were dropped as they did not answer.</summary>
    public IReadOnlyList<KnownContact> Former => Read(static table => table.DescribeFormer().ToList());

    /// <summary>The contacts in the buckets.</summary>
    public IReadOnlyList<KnownContact> Known => Read(static table => table.DescribeContacts().ToList());

    public ValueTask<FormerContactsNews> TakeFormerAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(table => table.TakeFormer(time.GetUtcNow())));

    /// <summary>Adds contacts of a run before, which have yet to answer: all that it had lost, and of the others the nearest.</summary>
    public void AddFormer(NodeState state)
    {
        var now = time.GetUtcNow();
        var known = state.Known.DistinctBy(one => one.Contact).ToDictionary(one => one.Contact);
        var former = state.Contacts.Where(contact => known.GetValueOrDefault(contact) is { IsFormer: true }).Take(FormerContacts.Capacity).ToList();

        // They answered until that run ended: how long ago is that says nothing of them.
        var others = state.Contacts.Except(former).Take(FormerContacts.Capacity - former.Count);
        lock (_gate)
        {
            table.AddFormer([.. others.Select(contact => Save(contact, isFormer: false)), .. former.Select(contact => Save(contact, isFormer: true))], now);
        }

        SavedContact Save(Contact contact, bool isFormer)
        {
            var one = known.GetValueOrDefault(contact);
            var life = one is null ? TimeSpan.Zero : one.LastSeen.Since(one.FirstSeen);
            var lastSeen = isFormer ? one!.LastSeen : now;
            return new SavedContact(contact, lastSeen, Failures: 0) { FirstSeen = lastSeen - life };
        }
    }

    /// <summary>Forgets an id among the former contacts. Returns whether it was one.</summary>
    public bool Forget(NodeId id) => Read(table => table.Forget(id));

    public IReadOnlyList<BucketSummary> Describe() => Read(static table => table.Describe());

    public IReadOnlyList<KnownContact> Find(NodeId id) => Read(table => table.Find(id));

    private T Read<T>(Func<RoutingTable, T> read)
    {
        lock (_gate)
        {
            return read(table);
        }
    }

    internal static void Report(TableDecision decision, Action<Contact>? onAdded, Action<Contact>? onCheck)
    {
        foreach (var added in decision.Added)
        {
            onAdded?.Invoke(added);
        }

        if (decision.Check is { } check)
        {
            onCheck?.Invoke(check);
        }
    }

    // Many changes between two readers cost one snapshot.
    private RoutingTableSnapshot TakeSnapshot()
    {
        lock (_gate)
        {
            _changed = false;
            return _snapshot = table.Snapshot;
        }
    }
}

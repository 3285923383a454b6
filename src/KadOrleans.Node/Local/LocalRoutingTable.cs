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
    public IReadOnlyList<Contact> Former => Read(static table => table.Former.Select(saved => saved.Contact).ToList());

    public ValueTask<FormerContactsNews> TakeFormerAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(table => table.TakeFormer(time.GetUtcNow())));

    /// <summary>Adds contacts of a run before, which have yet to answer.</summary>
    public void AddFormer(IReadOnlyList<Contact> contacts)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            table.AddFormer(contacts.Select(contact => new SavedContact(contact, now, Failures: 0)), now);
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

namespace KadOrleans.Lab;

/// <summary>
/// A <see cref="RoutingTable"/> that is saved while it is not needed, as a grain's is between activations. What is
/// observed meanwhile waits, as an edge's observations do, and is applied with the time it was seen at. Used from one thread.
/// </summary>
internal sealed class PagedRoutingTable(NodeId ownId, TablePager pager, FrozenTable? begin) : IRoutingTable
{
    /// <summary>Observations that may wait before the table is brought back for them: about what one lookup makes.</summary>
    private const int MaxWaiting = 32;

    private List<(ContactObservation Observation, DateTimeOffset At)>? _waiting;
    private RoutingTable? _table;
    private FrozenTable? _frozen = begin;
    private RoutingTableSnapshot? _snapshot;

    public event Action<Contact>? ContactAdded;

    public event Action<Contact>? CheckNeeded;

    public RoutingTableSnapshot Snapshot => _table is null && _frozen is not null ? FrozenSnapshot(_frozen) : Table.Snapshot;

    public void Observe(ContactObservation observation)
    {
        var now = pager.Clock.GetUtcNow();
        if (_table is null && _frozen is not null)
        {
            (_waiting ??= []).Add((observation, now));
            if (_waiting.Count >= MaxWaiting)
            {
                BringBack();
            }
        }
        else
        {
            Apply(observation, now);
        }
    }

    private void Apply(ContactObservation observation, DateTimeOffset now) =>
        LocalRoutingTable.Report(Table.Apply(observation, now), ContactAdded, CheckNeeded);

    public IReadOnlyList<BucketSummary> Describe() => Table.Describe();

    public void Freeze()
    {
        _frozen = new FrozenTable(_table!.Save(), _table.Snapshot.Rooms, pager.Contacts);
        _table = null;
    }

    public void DropSnapshot() => _snapshot = null;

    private RoutingTable Table => _table ?? BringBack();

    private RoutingTable BringBack()
    {
        _table = _frozen is null ? pager.Create(ownId) : pager.Restore(_frozen);
        _frozen = null;
        pager.Tables.Add(this);
        var waiting = _waiting;
        _waiting = null;
        foreach (var (observation, at) in waiting ?? [])
        {
            Apply(observation, at);
        }

        return _table;
    }

    private RoutingTableSnapshot FrozenSnapshot(FrozenTable frozen)
    {
        // One from before the table was last in memory has another version.
        if (_snapshot is null || _snapshot.Version != frozen.Version)
        {
            pager.Snapshots.Add(this);
            _snapshot = frozen.TakeSnapshot(pager.Contacts);
        }

        return _snapshot;
    }
}

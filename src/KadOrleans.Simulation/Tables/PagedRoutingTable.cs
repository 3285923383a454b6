using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Ports;

namespace KadOrleans.Simulation.Tables;

/// <summary>
/// A <see cref="RoutingTable"/> that is put away while it is not needed, as a grain's is between activations. Used
/// from one thread.
/// </summary>
/// <param name="ownId">The node's id.</param>
/// <param name="pager">Decides what stays in memory.</param>
/// <param name="begin">Makes the table when it is first needed; null for an empty one.</param>
internal sealed class PagedRoutingTable(NodeId ownId, TablePager pager, Func<NodeId, RoutingTableState>? begin) : IRoutingTable
{
    private RoutingTable? _table;
    private ResidentSet<PagedRoutingTable>.Place? _tablePlace;
    private FrozenTable? _frozen;
    private RoutingTableSnapshot? _snapshot;
    private ResidentSet<PagedRoutingTable>.Place? _snapshotPlace;
    private IRoutingTableListener? _listener;

    public NodeId OwnId => ownId;

    public RoutingTableSnapshot Snapshot
    {
        get
        {
            if (_table is null && _frozen is not null)
            {
                return FrozenSnapshot(_frozen);
            }

            return Table.Snapshot;
        }
    }

    public void Attach(IRoutingTableListener listener) => _listener = listener;

    public void Observe(ContactObservation observation)
    {
        var decision = Table.Apply(observation, pager.Clock.GetUtcNow());
        if (decision.Added is { } added)
        {
            _listener?.OnContactAdded(added);
        }

        foreach (var promoted in decision.AlsoAdded)
        {
            _listener?.OnContactAdded(promoted);
        }

        if (decision.Check is { } check)
        {
            _listener?.OnCheckNeeded(check);
        }
    }

    public IReadOnlyList<BucketSummary> Describe() => Table.Describe();

    public void Freeze()
    {
        _frozen = new FrozenTable(_table!, pager.Contacts);
        _table = null;
        _tablePlace = null;
    }

    public void DropSnapshot()
    {
        _snapshot = null;
        _snapshotPlace = null;
    }

    private RoutingTable Table
    {
        get
        {
            if (_table is null)
            {
                _table = _frozen is { } frozen ? pager.Restore(frozen.Thaw(pager.Contacts))
                    : begin is not null ? pager.Restore(begin(ownId))
                    : pager.Create(ownId);
                _frozen = null;
                _tablePlace = pager.Tables.Add(this);
            }

            _tablePlace!.IsUsed = true;
            return _table;
        }
    }

    private RoutingTableSnapshot FrozenSnapshot(FrozenTable frozen)
    {
        // One from before the table was last in memory has another version.
        if (_snapshot is null || _snapshot.Version != frozen.Version)
        {
            _snapshot = frozen.TakeSnapshot(pager.Contacts);
        }

        _snapshotPlace ??= pager.Snapshots.Add(this);
        _snapshotPlace.IsUsed = true;
        return _snapshot;
    }
}

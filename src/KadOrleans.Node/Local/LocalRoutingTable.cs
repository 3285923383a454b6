using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Local;

/// <summary>A routing table in this process. The next snapshot has all observations.</summary>
internal sealed class LocalRoutingTable : IRoutingTable
{
    private readonly TimeProvider _time;

    // Guards _table. Readers take the snapshot, which is immutable, without it while nothing has changed.
    private readonly Lock _gate = new();
    private readonly RoutingTable _table;
    private volatile RoutingTableSnapshot _snapshot;
    private volatile bool _changed;
    private IRoutingTableListener? _listener;

    /// <summary>An empty table of a node.</summary>
    /// <param name="ownId">The id of the node.</param>
    /// <param name="options">k, b and the bounds.</param>
    /// <param name="diversity">Counts this table's contacts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="lastLookup">When its buckets count as looked up. Default: now.</param>
    public LocalRoutingTable(
        NodeId ownId, KademliaOptions options, SubnetDiversity diversity, TimeProvider time, DateTimeOffset? lastLookup = null)
        : this(new RoutingTable(ownId, options, diversity, lastLookup ?? TimeOf(time)), time)
    {
    }

    /// <summary>Takes a table over, such as a restored one; nobody else may use it from now on.</summary>
    public LocalRoutingTable(RoutingTable table, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _table = table;
        _snapshot = _table.Snapshot;
    }

    /// <inheritdoc/>
    public RoutingTableSnapshot Snapshot => _changed ? TakeSnapshot() : _snapshot;

    /// <inheritdoc/>
    public void Attach(IRoutingTableListener listener) => _listener = listener;

    /// <inheritdoc/>
    public void Observe(ContactObservation observation)
    {
        TableDecision decision;
        lock (_gate)
        {
            decision = _table.Apply(observation, _time.GetUtcNow());
            _changed |= _table.Version != _snapshot.Version;
        }

        Report(decision, _listener);
    }

    /// <summary>The buckets, for people to look at.</summary>
    public IReadOnlyList<BucketSummary> Describe()
    {
        lock (_gate)
        {
            return _table.Describe();
        }
    }

    /// <summary>What the table knows of an id.</summary>
    public IReadOnlyList<KnownContact> Find(NodeId id)
    {
        lock (_gate)
        {
            return _table.Find(id);
        }
    }

    /// <summary>Tells a listener of an observation's effects on a table.</summary>
    internal static void Report(TableDecision decision, IRoutingTableListener? listener)
    {
        if (decision.Added is { } added)
        {
            listener?.OnContactAdded(added);
        }

        foreach (var promoted in decision.AlsoAdded)
        {
            listener?.OnContactAdded(promoted);
        }

        if (decision.Check is { } check)
        {
            listener?.OnCheckNeeded(check);
        }
    }

    private static DateTimeOffset TimeOf(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return time.GetUtcNow();
    }

    // The first reader after a change makes the snapshot, so a crowd of new contacts costs one snapshot.
    private RoutingTableSnapshot TakeSnapshot()
    {
        lock (_gate)
        {
            _changed = false;
            return _snapshot = _table.Snapshot;
        }
    }
}

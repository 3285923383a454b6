namespace KadOrleans.Node;

/// <summary>Whether contacts respond. The table keeps unresponsive ones until it knows better ones.</summary>
internal sealed class Reachability(IRoutingTable table, TimeProvider time)
{
    /// <summary>With fewer failures than this the contacts may be at fault, not the network.</summary>
    public const int Failures = 3;

    /// <summary>Failures come in bursts of concurrent queries. One response in this time outweighs them.</summary>
    public static readonly TimeSpan ResponseWindow = TimeSpan.FromMinutes(1);

    /// <summary>This many unresponsive contacts outweigh those not queried; in a smaller table, all.</summary>
    public const int UnresponsiveContacts = 8;

    // Guards _unresponsive; its count is read without.
    private readonly Lock _gate = new();
    private readonly HashSet<NodeId> _unresponsive = [];
    private long _answeredAt = long.MinValue;
    private int _unresponsiveCount;
    private int _failures;

    public IRoutingTable Table => table;

    /// <summary>Whether it was given bootstrap nodes. Without any it may be its network's first, to which nobody need answer.</summary>
    public bool HasBootstrap { get; init; }

    /// <summary>Whether it may be its network's first: it was given no bootstrap node, and has met nobody for some minutes.</summary>
    public bool MayBeFirst => !HasBootstrap && !table.HasHadContacts;

    public bool IsGood => table.Snapshot.Count is > 0 and var known
        && Interlocked.Read(ref _answeredAt) is var at && at != long.MinValue
        && (Volatile.Read(ref _failures) < Failures
            || Volatile.Read(ref _unresponsiveCount) < Math.Min(UnresponsiveContacts, known)
            || time.GetElapsedTime(at) < ResponseWindow);

    public void Answered()
    {
        Interlocked.Exchange(ref _answeredAt, time.GetTimestamp());
        Volatile.Write(ref _failures, 0);
        if (Volatile.Read(ref _unresponsiveCount) > 0)
        {
            lock (_gate)
            {
                _unresponsive.Clear();
                _unresponsiveCount = 0;
            }
        }
    }

    public void Failed(NodeId contact)
    {
        Interlocked.Increment(ref _failures);
        lock (_gate)
        {
            if (_unresponsive.Count < UnresponsiveContacts && _unresponsive.Add(contact))
            {
                _unresponsiveCount = _unresponsive.Count;
            }
        }
    }
}

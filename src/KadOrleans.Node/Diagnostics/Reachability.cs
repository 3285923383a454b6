using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Diagnostics;

/// <summary>
/// Whether a node's contacts answer it. A table alone does not tell: it keeps contacts that are silent while it knows none
/// better, and those of the run before.
/// </summary>
internal sealed class Reachability(IRoutingTable table, TimeProvider time)
{
    /// <summary>Fewer failures than this say more of the contacts than of the way to them.</summary>
    public const int Failures = 3;

    /// <summary>Failures come in bursts, as lookups ask several contacts at once; one answer in this time outweighs them.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>
    /// So many silent contacts outweigh those that were not asked. Where the table has fewer, all must be silent: one that is gone
    /// is asked last and more than once by the lookups of a small network, and says nothing of the others.
    /// </summary>
    public const int SilentContacts = 8;

    // Guards _silent; its count is read without.
    private readonly Lock _gate = new();
    private readonly HashSet<NodeId> _silent = [];
    private long _answeredAt = long.MinValue;
    private int _silentCount;
    private int _failures;

    public IRoutingTable Table => table;

    public bool IsGood => table.Snapshot.Count is > 0 and var known
        && Interlocked.Read(ref _answeredAt) is var at && at != long.MinValue
        && (Volatile.Read(ref _failures) < Failures
            || Volatile.Read(ref _silentCount) < Math.Min(SilentContacts, known)
            || time.GetElapsedTime(at) < Patience);

    /// <summary>Somebody answered.</summary>
    public void Answered()
    {
        Interlocked.Exchange(ref _answeredAt, time.GetTimestamp());
        Volatile.Write(ref _failures, 0);
        if (Volatile.Read(ref _silentCount) > 0)
        {
            lock (_gate)
            {
                _silent.Clear();
                _silentCount = 0;
            }
        }
    }

    /// <summary>A contact of the table did not; what strangers claim to be does not count.</summary>
    public void Failed(NodeId contact)
    {
        Interlocked.Increment(ref _failures);
        lock (_gate)
        {
            if (_silent.Count < SilentContacts && _silent.Add(contact))
            {
                _silentCount = _silent.Count;
            }
        }
    }
}

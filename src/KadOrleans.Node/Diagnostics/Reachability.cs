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

    private long _answeredAt = long.MinValue;
    private int _failures;

    public IRoutingTable Table => table;

    public bool IsGood => table.Snapshot.Count > 0
        && Interlocked.Read(ref _answeredAt) is var at && at != long.MinValue
        && (Volatile.Read(ref _failures) < Failures || time.GetElapsedTime(at) < Patience);

    /// <summary>Somebody answered.</summary>
    public void Answered()
    {
        Interlocked.Exchange(ref _answeredAt, time.GetTimestamp());
        Volatile.Write(ref _failures, 0);
    }

    /// <summary>A contact of the table did not; what strangers claim to be does not count.</summary>
    public void Failed() => Interlocked.Increment(ref _failures);
}

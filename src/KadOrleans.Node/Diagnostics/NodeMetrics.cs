using System.Diagnostics;
using System.Diagnostics.Metrics;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Node.Diagnostics;

/// <summary>
/// The instruments of a node, all on the meter <see cref="MeterName"/>, and the same counts for /status. Tags are
/// small closed sets: never an id, a key or an address.
/// </summary>
internal sealed class NodeMetrics : IDisposable
{
    public const string MeterName = "KadOrleans";

    private static readonly RequestKind[] Kinds = Enum.GetValues<RequestKind>();
    private static readonly RefusalReason[] Reasons = Enum.GetValues<RefusalReason>();

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _held;
    private readonly Counter<long> _stores;
    private readonly Counter<long> _outgoing;
    private readonly Histogram<double> _lookupDuration;
    private readonly Histogram<long> _lookupRequests;
    private readonly long[] _received = new long[Kinds.Length];
    private readonly long[] _refusals = new long[Reasons.Length];
    private long _heldCount;
    private long _storedCount;

    public NodeMetrics()
    {
        _requests = _meter.CreateCounter<long>("kad.requests.received", "{request}", "Requests from other nodes, by type.");
        _refused = _meter.CreateCounter<long>("kad.requests.refused", "{request}", "Requests left unanswered, by reason.");
        _held = _meter.CreateCounter<long>("kad.answers.held", "{answer}", "Long answers that waited for the proof of an address.");
        _stores = _meter.CreateCounter<long>("kad.stores", "{store}", "STOREs received, by result.");
        _outgoing = _meter.CreateCounter<long>("kad.requests.sent", "{request}", "Requests of ours that ended, by outcome.");
        _lookupDuration = _meter.CreateHistogram<double>("kad.lookup.duration", "s", "Duration of lookups, by reason of their end.");
        _lookupRequests = _meter.CreateHistogram<long>("kad.lookup.requests", "{request}", "Contacts asked per lookup.");
    }

    public void Received(RequestKind kind)
    {
        Interlocked.Increment(ref _received[(int)kind]);
        if (_requests.Enabled)
        {
            _requests.Add(1, new KeyValuePair<string, object?>("kad.request.type", kind.ToString()));
        }
    }

    public void Refused(RefusalReason reason)
    {
        Interlocked.Increment(ref _refusals[(int)reason]);
        if (_refused.Enabled)
        {
            _refused.Add(1, new KeyValuePair<string, object?>("kad.refusal.reason", reason.ToString()));
        }
    }

    public void Held()
    {
        Interlocked.Increment(ref _heldCount);
        _held.Add(1);
    }

    public void Stored(StoreResult result)
    {
        if (result == StoreResult.Stored)
        {
            Interlocked.Increment(ref _storedCount);
        }

        if (_stores.Enabled)
        {
            _stores.Add(1, new KeyValuePair<string, object?>("kad.store.result", result.ToString()));
        }
    }

    public void RequestEnded(string outcome) =>
        _outgoing.Add(1, new KeyValuePair<string, object?>("kad.request.outcome", outcome));

    public void LookupEnded(LookupOutcome outcome, TimeSpan duration)
    {
        var tags = new TagList { { "kad.lookup.reason", outcome.Reason.ToString() } };
        _lookupDuration.Record(duration.TotalSeconds, tags);
        _lookupRequests.Record(outcome.Asked, tags);
    }

    /// <summary>Every count since the start, by a stable name.</summary>
    public IReadOnlyDictionary<string, long> Totals()
    {
        var totals = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var kind in Kinds)
        {
            totals[$"received.{kind}"] = Volatile.Read(ref _received[(int)kind]);
        }

        foreach (var reason in Reasons)
        {
            totals[$"refused.{reason}"] = Volatile.Read(ref _refusals[(int)reason]);
        }

        totals["answers.held"] = Volatile.Read(ref _heldCount);
        totals["stores.accepted"] = Volatile.Read(ref _storedCount);
        return totals;
    }

    public void Dispose() => _meter.Dispose();
}

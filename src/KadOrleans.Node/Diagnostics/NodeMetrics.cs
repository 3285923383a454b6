using System.Diagnostics;
using System.Diagnostics.Metrics;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Node.Diagnostics;

/// <summary>
/// A node's instruments, all on the meter <see cref="MeterName"/>, and the same counters for /status. Tags are small closed sets: never an
/// id, a key or an address.
/// </summary>
internal sealed class NodeMetrics
{
    public const string MeterName = "KadOrleans";

    private static readonly RequestKind[] Kinds = Enum.GetValues<RequestKind>();
    private static readonly RefusalReason[] Reasons = Enum.GetValues<RefusalReason>();
    private static readonly RequestFailure[] Failures = Enum.GetValues<RequestFailure>();
    private static readonly StoreResult[] StoreResults = Enum.GetValues<StoreResult>();
    private static readonly TerminationReason[] LookupReasons = Enum.GetValues<TerminationReason>();

    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60] };

    private static readonly InstrumentAdvice<long> Counts =
        new() { HistogramBucketBoundaries = [1, 2, 5, 10, 15, 20, 25, 30, 40, 60, 100, 256] };

    // One meter for all nodes of the process, as listeners cannot tell several of one name apart.
    internal static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Requests =
        Meter.CreateCounter<long>("kad.requests.received", "{request}", "Requests from other nodes, by type.");

    private static readonly Counter<long> RefusedRequests =
        Meter.CreateCounter<long>("kad.requests.refused", "{request}", "Requests without a response, by reason.");

    private static readonly Counter<long> PendingRequests =
        Meter.CreateCounter<long>("kad.requests.pending", "{request}", "Requests that had to wait for the proof of an address: STOREs, and those with a long response.");

    private static readonly Counter<long> ShortenedResponses =
        Meter.CreateCounter<long>("kad.responses.shortened", "{response}", "Responses with fewer contacts, as the asker's address was not proved.");

    private static readonly Counter<long> ProofPings =
        Meter.CreateCounter<long>("kad.proofs.asked", "{ping}", "Pings of endpoints that had never answered, to prove their address.");

    private static readonly Counter<long> Proofs =
        Meter.CreateCounter<long>("kad.proofs.given", "{endpoint}", "Endpoints that proved their address by answering such a ping.");

    private static readonly Counter<long> Stores =
        Meter.CreateCounter<long>("kad.stores", "{store}", "STOREs received, by result.");

    private static readonly Counter<long> UnacknowledgedStores =
        Meter.CreateCounter<long>("kad.store.unacknowledged", "{store}", "STOREs received that were not acknowledged, by reason.");

    private static readonly Counter<long> Outgoing =
        Meter.CreateCounter<long>("kad.requests.sent", "{request}", "Requests of ours that ended, by type and outcome.");

    private static readonly Histogram<double> LookupDuration =
        Meter.CreateHistogram<double>("kad.lookup.duration", "s", "Duration of lookups, by reason of their end.", advice: Seconds);

    private static readonly Histogram<long> LookupRequests =
        Meter.CreateHistogram<long>("kad.lookup.requests", "{request}", "Contacts asked per lookup.", advice: Counts);

    private static readonly Counter<long> DisputedValues =
        Meter.CreateCounter<long>("kad.lookup.disputes", "{lookup}", "Lookups of a value whose holders gave different ones.");

    private static readonly Counter<long> CrowdedLookups =
        Meter.CreateCounter<long>("kad.lookup.crowded", "{lookup}", "Lookups whose nearest contacts are denser than the network's size allows.");

    private static readonly Histogram<double> WalkDuration =
        Meter.CreateHistogram<double>("kad.walk.duration", "s", "Duration of random walks, by reason of their end.", advice: Seconds);

    private static readonly Histogram<long> WalkRequests =
        Meter.CreateHistogram<long>("kad.walk.requests", "{request}", "Contacts asked per random walk.", advice: Counts);

    private static readonly Histogram<long> WalkResponses =
        Meter.CreateHistogram<long>("kad.walk.responses", "{response}", "Contacts that answered per random walk.", advice: Counts);

    private static readonly Counter<long> WalkContacts =
        Meter.CreateCounter<long>("kad.walk.contacts", "{contact}", "Verified contacts from random walks that the table lacked.");

    private static readonly Counter<long> RepublishedValues =
        Meter.CreateCounter<long>("kad.values.republished", "{value}", "Held values sent out again to the k nearest.");

    private readonly long[] _received = new long[Kinds.Length];
    private readonly long[] _refusals = new long[Reasons.Length];
    private readonly long[] _stores = new long[StoreResults.Length];
    private readonly long[] _unacknowledged = new long[UnacknowledgedReasons.All.Count];
    private readonly long[] _lookups = new long[LookupReasons.Length];
    private long _pendingCount;
    private long _shortenedCount;
    private long _proofPingCount;
    private long _proofCount;
    private long _republishedCount;
    private long _walkCount;
    private long _walkContactCount;

    /// <summary>Held values republished since the start.</summary>
    public long Republished => Volatile.Read(ref _republishedCount);

    /// <summary>STOREs refused since the start because a quota was reached.</summary>
    public long StoresRefusedByQuota =>
        StoresThatCameTo(StoreResult.SourceQuotaExceeded)
        + StoresThatCameTo(StoreResult.SubnetQuotaExceeded)
        + StoresThatCameTo(StoreResult.FarQuotaExceeded)
        + StoresThatCameTo(StoreResult.TotalQuotaExceeded);

    /// <summary>STOREs refused since the start because their source had changed too many values of others.</summary>
    public long ChangesRefused => StoresThatCameTo(StoreResult.ChangeLimitExceeded);

    public void ValueRepublished()
    {
        Interlocked.Increment(ref _republishedCount);
        RepublishedValues.Add(1);
    }

    /// <summary>Creates the counters' series at 0. A rate over a series that appears with its first event misses that event.</summary>
    public static void Begin()
    {
        foreach (var kind in Kinds)
        {
            Requests.Add(0, Type(kind));
            Outgoing.Add(0, Type(kind), Outcome(null));
            foreach (var failure in Failures)
            {
                Outgoing.Add(0, Type(kind), Outcome(failure));
            }
        }

        foreach (var reason in Reasons)
        {
            RefusedRequests.Add(0, new KeyValuePair<string, object?>("kad.refusal.reason", reason.ToString()));
        }

        foreach (var result in StoreResults)
        {
            Stores.Add(0, new KeyValuePair<string, object?>("kad.store.result", result.ToString()));
        }

        foreach (var reason in UnacknowledgedReasons.All)
        {
            UnacknowledgedStores.Add(0, Why(reason));
        }

        PendingRequests.Add(0);
        DisputedValues.Add(0);
        CrowdedLookups.Add(0);
        ShortenedResponses.Add(0);
        ProofPings.Add(0);
        Proofs.Add(0);
        WalkContacts.Add(0);
        RepublishedValues.Add(0);
    }

    public void Received(RequestKind kind)
    {
        Interlocked.Increment(ref _received[(int)kind]);
        if (Requests.Enabled)
        {
            Requests.Add(1, Type(kind));
        }
    }

    public void Refused(RefusalReason reason)
    {
        Interlocked.Increment(ref _refusals[(int)reason]);
        if (RefusedRequests.Enabled)
        {
            RefusedRequests.Add(1, new KeyValuePair<string, object?>("kad.refusal.reason", reason.ToString()));
        }
    }

    /// <summary>Counts a request that was taken in. A STORE may have come to no store, or its store threw.</summary>
    public void Refused(RequestKind kind, RefusalReason reason)
    {
        Refused(reason);
        if (kind == RequestKind.Store)
        {
            NotAcknowledged(UnacknowledgedReasons.Of(reason));
        }
    }

    public void Pending()
    {
        Interlocked.Increment(ref _pendingCount);
        PendingRequests.Add(1);
    }

    public void Shortened()
    {
        Interlocked.Increment(ref _shortenedCount);
        ShortenedResponses.Add(1);
    }

    public void ProofAsked()
    {
        Interlocked.Increment(ref _proofPingCount);
        ProofPings.Add(1);
    }

    public void Proved()
    {
        Interlocked.Increment(ref _proofCount);
        Proofs.Add(1);
    }

    public void Stored(StoreResult result)
    {
        Interlocked.Increment(ref _stores[(int)result]);
        if (Stores.Enabled)
        {
            Stores.Add(1, new KeyValuePair<string, object?>("kad.store.result", result.ToString()));
        }

        if (UnacknowledgedReasons.Of(result) is { } reason)
        {
            NotAcknowledged(reason);
        }
    }

    /// <summary>Counts a request of ours that ended.</summary>
    public static void RequestEnded(RequestKind kind, RequestFailure? failure)
    {
        if (Outgoing.Enabled)
        {
            Outgoing.Add(1, Type(kind), Outcome(failure));
        }
    }

    public void LookupEnded(LookupOutcome outcome, TimeSpan duration)
    {
        Interlocked.Increment(ref _lookups[(int)outcome.Reason]);
        var tags = new TagList { { "kad.lookup.reason", outcome.Reason.ToString() } };
        LookupDuration.Record(duration.TotalSeconds, tags);
        LookupRequests.Record(outcome.Asked, tags);
        if (outcome.Differed > 0)
        {
            DisputedValues.Add(1);
        }

        if (outcome.Crowded > 0)
        {
            CrowdedLookups.Add(1);
        }
    }

    public void WalkEnded(LookupOutcome outcome, int newContacts, TimeSpan duration)
    {
        var tags = new TagList { { "kad.lookup.reason", outcome.Reason.ToString() } };
        Interlocked.Increment(ref _walkCount);
        Interlocked.Add(ref _walkContactCount, newContacts);
        WalkDuration.Record(duration.TotalSeconds, tags);
        WalkRequests.Record(outcome.Asked, tags);
        WalkResponses.Record(outcome.Answered, tags);
        WalkContacts.Add(newContacts);
    }

    private void NotAcknowledged(UnacknowledgedReason reason)
    {
        Interlocked.Increment(ref _unacknowledged[(int)reason]);
        if (UnacknowledgedStores.Enabled)
        {
            UnacknowledgedStores.Add(1, Why(reason));
        }
    }

    private long StoresThatCameTo(StoreResult result) => Volatile.Read(ref _stores[(int)result]);

    private static KeyValuePair<string, object?> Why(UnacknowledgedReason reason) =>
        new("kad.unacknowledged.reason", reason.ToString());

    private static KeyValuePair<string, object?> Type(RequestKind kind) => new("kad.request.type", kind.ToString());

    private static KeyValuePair<string, object?> Outcome(RequestFailure? failure) =>
        new("kad.request.outcome", failure?.ToString() ?? "Answered");

    /// <summary>All counters since the start, by a stable name.</summary>
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

        foreach (var reason in LookupReasons)
        {
            totals[$"lookups.{reason}"] = Volatile.Read(ref _lookups[(int)reason]);
        }

        totals["requests.pending"] = Volatile.Read(ref _pendingCount);
        totals["responses.shortened"] = Volatile.Read(ref _shortenedCount);
        totals["proofs.asked"] = Volatile.Read(ref _proofPingCount);
        totals["proofs.given"] = Volatile.Read(ref _proofCount);
        totals["stores.accepted"] = StoresThatCameTo(StoreResult.Stored);
        foreach (var result in StoreResults.Where(result => result != StoreResult.Stored))
        {
            totals[$"stores.refused.{result}"] = StoresThatCameTo(result);
        }

        foreach (var reason in UnacknowledgedReasons.All)
        {
            totals[$"stores.unacknowledged.{reason}"] = Volatile.Read(ref _unacknowledged[(int)reason]);
        }

        totals["values.republished"] = Republished;
        totals["walks.done"] = Volatile.Read(ref _walkCount);
        totals["walks.newContacts"] = Volatile.Read(ref _walkContactCount);
        return totals;
    }
}

/// <summary>Why a request got no response.</summary>
internal enum RefusalReason
{
    /// <summary>The source or its subnet sends too much.</summary>
    SourceLimit,

    /// <summary>The request is malformed or unknown.</summary>
    Malformed,

    /// <summary>Too many requests wait for storage.</summary>
    Busy,

    /// <summary>The storage failed.</summary>
    StorageFailed,

    /// <summary>The source is unproven, and too many requests of such sources are pending, or later ones pushed it out.</summary>
    PendingLimit,

    /// <summary>The source of a STORE or STUN did not answer the ping in time.</summary>
    Unproven,

    /// <summary>The response would exceed the byte budget of its endpoint or of the node.</summary>
    ByteBudget,

    /// <summary>The source is not an address and port of a single node, such as port 0 or a multicast group.</summary>
    UnreachableSource,

    /// <summary>
    /// A STORE arrived long ago, as this process was frozen. Its sender has timed out, and may have stored another value since.
    /// </summary>
    Late,

    /// <summary>The node is stopping and takes nothing new.</summary>
    Stopping,

    /// <summary>The sender's address or id is banned.</summary>
    Banned,
}

/// <summary>A node's spans. Requests have none: there are too many, and responses arrive on other threads.</summary>
internal static class NodeActivities
{
    private static readonly ActivitySource Source = new(NodeMetrics.MeterName);

    public static Activity? StartLookup(LookupKind kind) =>
        Source.StartActivity("kad.lookup")?.SetTag("kad.lookup.kind", kind.ToString());

    public static void End(this Activity activity, LookupOutcome outcome) => activity
        .SetTag("kad.lookup.reason", outcome.Reason.ToString())
        .SetTag("kad.lookup.requests", outcome.Asked)
        .SetTag("kad.lookup.responses", outcome.Answered);
}

using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KadOrleans.Node;

/// <summary>A node's instruments, and its counts for /status. Tags are small closed sets, never ids, keys or addresses.</summary>
internal sealed class NodeMetrics
{
    public const string MeterName = "KadOrleans";

    // One meter for all nodes of the process, as listeners cannot tell several of one name apart.
    internal static readonly Meter Meter = new(MeterName);

    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60] };

    private static readonly InstrumentAdvice<long> Counts =
        new() { HistogramBucketBoundaries = [1, 2, 5, 10, 15, 20, 25, 30, 40, 60, 100, 256] };

    private static readonly TaggedCounter Requests = new(
        "kad.requests.received", "{request}", "Requests from other nodes, by type.", "kad.request.type", Enum.GetNames<RequestKind>());

    private static readonly TaggedCounter RefusedRequests = new(
        "kad.requests.refused", "{request}", "Requests without a response, by reason.", "kad.refusal.reason", Enum.GetNames<RefusalReason>());

    private static readonly TaggedCounter PendingRequests = new(
        "kad.requests.pending", "{request}", "Requests that had to wait for the proof of an address: STOREs, and those with a long response.");

    private static readonly TaggedCounter ShortenedResponses = new(
        "kad.responses.shortened", "{response}", "Responses with fewer contacts, as the asker's address was not proved.");

    private static readonly TaggedCounter ProofPings = new(
        "kad.proofs.asked", "{ping}", "Pings of endpoints that had never answered, to prove their address.");

    private static readonly TaggedCounter Proofs = new(
        "kad.proofs.given", "{endpoint}", "Endpoints that proved their address by answering such a ping.");

    private static readonly TaggedCounter Stores = new(
        "kad.stores", "{store}", "STOREs received, by result.", "kad.store.result", Enum.GetNames<StoreResult>());

    private static readonly TaggedCounter UnacknowledgedStores = new(
        "kad.store.unacknowledged",
        "{store}",
        "STOREs received that were not acknowledged, by reason.",
        "kad.unacknowledged.reason",
        Enum.GetNames<UnacknowledgedReason>());

    private static readonly TaggedCounter DisputedValues = new(
        "kad.lookup.disputes", "{lookup}", "Lookups of a value whose holders gave different ones.");

    private static readonly TaggedCounter CrowdedLookups = new(
        "kad.lookup.crowded", "{lookup}", "Lookups whose nearest contacts are denser than the network's size allows.");

    private static readonly TaggedCounter WalkContacts = new(
        "kad.walk.contacts", "{contact}", "Verified contacts from random walks that the table lacked.");

    private static readonly TaggedCounter RepublishedValues = new(
        "kad.values.republished", "{value}", "Held values sent out again to the k nearest.");

    private static readonly Counter<long> Outgoing =
        Meter.CreateCounter<long>("kad.requests.sent", "{request}", "Requests of ours that ended, by type and outcome.");

    private static readonly Histogram<double> LookupDuration =
        Meter.CreateHistogram<double>("kad.lookup.duration", "s", "Duration of lookups, by reason of their end.", advice: Seconds);

    private static readonly Histogram<long> LookupRequests =
        Meter.CreateHistogram<long>("kad.lookup.requests", "{request}", "Contacts asked per lookup.", advice: Counts);

    private static readonly Histogram<double> WalkDuration =
        Meter.CreateHistogram<double>("kad.walk.duration", "s", "Duration of random walks, by reason of their end.", advice: Seconds);

    private static readonly Histogram<long> WalkRequests =
        Meter.CreateHistogram<long>("kad.walk.requests", "{request}", "Contacts asked per random walk.", advice: Counts);

    private static readonly Histogram<long> WalkResponses =
        Meter.CreateHistogram<long>("kad.walk.responses", "{response}", "Contacts that answered per random walk.", advice: Counts);

    private readonly Tally _received = new(Requests);
    private readonly Tally _refused = new(RefusedRequests);
    private readonly Tally _stores = new(Stores);
    private readonly Tally _unacknowledged = new(UnacknowledgedStores);
    private readonly Tally _disputes = new(DisputedValues);
    private readonly Tally _crowded = new(CrowdedLookups);
    private readonly Tally _walkContacts = new(WalkContacts);
    private readonly long[] _lookups = new long[Enum.GetValues<TerminationReason>().Length];
    private long _walks;

    public Tally Pending { get; } = new(PendingRequests);

    public Tally Shortened { get; } = new(ShortenedResponses);

    public Tally ProofsAsked { get; } = new(ProofPings);

    public Tally ProofsGiven { get; } = new(Proofs);

    public Tally Republished { get; } = new(RepublishedValues);

    public long StoresRefusedByQuota =>
        _stores[(int)StoreResult.SourceQuotaExceeded]
        + _stores[(int)StoreResult.SubnetQuotaExceeded]
        + _stores[(int)StoreResult.FarQuotaExceeded]
        + _stores[(int)StoreResult.TotalQuotaExceeded];

    public long ChangesRefused => _stores[(int)StoreResult.ChangeLimitExceeded];

    /// <summary>Creates the counters' series at 0: a rate misses the event with which a series appears.</summary>
    public static void Begin()
    {
        TaggedCounter[] counters =
        [
            Requests, RefusedRequests, PendingRequests, ShortenedResponses, ProofPings, Proofs, Stores, UnacknowledgedStores, DisputedValues,
            CrowdedLookups, WalkContacts, RepublishedValues,
        ];
        Array.ForEach(counters, static counter => counter.Begin());
        foreach (var kind in Enum.GetValues<RequestKind>())
        {
            Outgoing.Add(0, Type(kind), Outcome(null));
            foreach (var failure in Enum.GetValues<RequestFailure>())
            {
                Outgoing.Add(0, Type(kind), Outcome(failure));
            }
        }
    }

    public void Received(RequestKind kind) => _received.Add((int)kind);

    public void Refused(RefusalReason reason) => _refused.Add((int)reason);

    /// <summary>Counts a decoded request. A STORE may have reached no store, or its store threw.</summary>
    public void Refused(RequestKind kind, RefusalReason reason)
    {
        Refused(reason);
        if (kind == RequestKind.Store)
        {
            _unacknowledged.Add((int)UnacknowledgedReasons.Of(reason));
        }
    }

    public void Stored(StoreResult result)
    {
        _stores.Add((int)result);
        if (UnacknowledgedReasons.Of(result) is { } reason)
        {
            _unacknowledged.Add((int)reason);
        }
    }

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
        _disputes.Add(count: outcome.Differed > 0 ? 1 : 0);
        _crowded.Add(count: outcome.Crowded > 0 ? 1 : 0);
    }

    public void WalkEnded(LookupOutcome outcome, int newContacts, TimeSpan duration)
    {
        Interlocked.Increment(ref _walks);
        _walkContacts.Add(count: newContacts);
        var tags = new TagList { { "kad.lookup.reason", outcome.Reason.ToString() } };
        WalkDuration.Record(duration.TotalSeconds, tags);
        WalkRequests.Record(outcome.Asked, tags);
        WalkResponses.Record(outcome.Answered, tags);
    }

    public IReadOnlyDictionary<string, long> Totals()
    {
        var totals = new SortedDictionary<string, long>(StringComparer.Ordinal)
        {
            ["requests.pending"] = Pending[0],
            ["responses.shortened"] = Shortened[0],
            ["proofs.asked"] = ProofsAsked[0],
            ["proofs.given"] = ProofsGiven[0],
            ["stores.accepted"] = _stores[(int)StoreResult.Stored],
            ["values.republished"] = Republished[0],
            ["walks.done"] = Volatile.Read(ref _walks),
            ["walks.newContacts"] = _walkContacts[0],
        };
        Add("received", Enum.GetValues<RequestKind>(), kind => _received[(int)kind]);
        Add("refused", Enum.GetValues<RefusalReason>(), reason => _refused[(int)reason]);
        Add("lookups", Enum.GetValues<TerminationReason>(), reason => Volatile.Read(ref _lookups[(int)reason]));
        Add("stores.refused", Enum.GetValues<StoreResult>().Where(result => result != StoreResult.Stored), result => _stores[(int)result]);
        Add("stores.unacknowledged", Enum.GetValues<UnacknowledgedReason>(), reason => _unacknowledged[(int)reason]);
        return totals;

        void Add<T>(string prefix, IEnumerable<T> parts, Func<T, long> count)
        {
            foreach (var part in parts)
            {
                totals[$"{prefix}.{part}"] = count(part);
            }
        }
    }

    private static KeyValuePair<string, object?> Type(RequestKind kind) => new("kad.request.type", kind.ToString());

    private static KeyValuePair<string, object?> Outcome(RequestFailure? failure) =>
        new("kad.request.outcome", failure?.ToString() ?? "Answered");

    internal sealed class TaggedCounter(string name, string unit, string description, string? tag = null, params string[] values)
    {
        private readonly Counter<long> _counter = Meter.CreateCounter<long>(name, unit, description);
        private readonly KeyValuePair<string, object?>[] _tags = [.. values.Select(value => new KeyValuePair<string, object?>(tag!, value))];

        public int Series => Math.Max(1, _tags.Length);

        public void Begin()
        {
            for (var i = 0; i < Series; i++)
            {
                _counter.Add(0, SeriesTags(i));
            }
        }

        public void Add(int series, long count)
        {
            if (_counter.Enabled)
            {
                _counter.Add(count, SeriesTags(series));
            }
        }

        private ReadOnlySpan<KeyValuePair<string, object?>> SeriesTags(int series) => _tags.AsSpan(series, tag is null ? 0 : 1);
    }

    internal sealed class Tally(TaggedCounter counter)
    {
        private readonly long[] _counts = new long[counter.Series];

        public long this[int series] => Volatile.Read(ref _counts[series]);

        public void Add(int series = 0, long count = 1)
        {
            Interlocked.Add(ref _counts[series], count);
            counter.Add(series, count);
        }
    }
}

/// <summary>Why a request got no response.</summary>
internal enum RefusalReason
{
    SourceLimit,

    Malformed,

    /// <summary>Too many requests wait for storage.</summary>
    Busy,

    StorageFailed,

    /// <summary>The source is unproven, and too many requests of such sources are pending, or later ones pushed it out.</summary>
    PendingLimit,

    /// <summary>The source of a STORE or STUN did not answer the ping in time.</summary>
    Unproven,

    /// <summary>The response would exceed the byte budget of its endpoint or of the node.</summary>
    ByteBudget,

    /// <summary>The source is not an address and port of a single node, such as port 0 or a multicast group.</summary>
    UnreachableSource,

    /// <summary>A STORE that waited in a frozen process: its sender has timed out, and may have stored another value.</summary>
    Late,

    Stopping,

    Banned,
}

/// <summary>Why a STORE was not acknowledged: its sender got false, or no response.</summary>
internal enum UnacknowledgedReason
{
    /// <summary>It was taken in too long ago: a process was frozen, or the clocks of an edge and a silo differ.</summary>
    Late,

    /// <summary>Another value of its key, which was taken in later, is held.</summary>
    Overtaken,

    /// <summary>Too many requests were pending, for storage or for the proof of an address.</summary>
    Queue,

    /// <summary>The storage failed, or the shard did not respond in time.</summary>
    Storage,

    /// <summary>The value, a quota or a limit does not allow it, or its sender did not prove its address.</summary>
    Refused,
}

internal static class UnacknowledgedReasons
{
    public static UnacknowledgedReason? Of(StoreResult result) => result switch
    {
        StoreResult.Stored => null,
        StoreResult.Late => UnacknowledgedReason.Late,
        StoreResult.Overtaken => UnacknowledgedReason.Overtaken,
        StoreResult.Busy => UnacknowledgedReason.Queue,
        StoreResult.StorageFailed => UnacknowledgedReason.Storage,
        _ => UnacknowledgedReason.Refused,
    };

    public static UnacknowledgedReason Of(RefusalReason reason) => reason switch
    {
        RefusalReason.Late => UnacknowledgedReason.Late,
        RefusalReason.Busy or RefusalReason.PendingLimit => UnacknowledgedReason.Queue,
        RefusalReason.StorageFailed => UnacknowledgedReason.Storage,
        _ => UnacknowledgedReason.Refused,
    };
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

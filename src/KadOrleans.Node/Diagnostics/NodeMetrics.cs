using System.Diagnostics.Metrics;
using KadOrleans.Signatures;

namespace KadOrleans.Node;

/// <summary>A node's instruments, and its counts for /status. Tags are small closed sets, never ids, keys or addresses.</summary>
internal sealed class NodeMetrics
{
    /// <summary>OpenTelemetry's tag of what failed; not there where nothing did.</summary>
    public const string ErrorType = "error.type";


    // One meter for all nodes of the process, as listeners cannot tell several of one name apart.
    internal static readonly Meter Meter = new(KadTelemetry.MeterName);

    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60] };

    private static readonly InstrumentAdvice<long> Counts =
        new() { HistogramBucketBoundaries = [1, 2, 5, 10, 15, 20, 25, 30, 40, 60, 100, 256] };

    // A counter's number is its place here.
    private static readonly List<NodeCounter> Counters = [];

    internal static readonly NodeCounter Pending = new(
        "kad.request.deferred",
        "{request}",
        "Requests that had to wait for the proof of an address: STOREs, and those with a long response.",
        "requests.pending");

    internal static readonly NodeCounter Shortened = new(
        "kad.response.shortened",
        "{response}",
        "Responses with fewer contacts, as the asker's address was not proved.",
        "responses.shortened");

    internal static readonly NodeCounter ProofsAsked = new(
        "kad.proof.asked", "{ping}", "Pings of endpoints that had never answered, to prove their address.", "proofs.asked");

    internal static readonly NodeCounter ProofsGiven = new(
        "kad.proof.given", "{endpoint}", "Endpoints that proved their address by answering such a ping.", "proofs.given");

    internal static readonly NodeCounter PassedOver = new(
        "kad.value.passed_over", "{value}", "Held values that were due, and that no node id of the cluster is responsible for.");

    internal static readonly NodeCounter Republished = new(
        "kad.value.republished", "{value}", "Held values sent out again to the k nearest.", "values.republished");

    internal static readonly NodeCounter Published = new(
        "kad.value.published", "{value}", "Own publications sent out again, or for the first time after a pause.", "values.published");

    internal static readonly NodeCounter RefusedByAll = new(
        "kad.value.refused_by_all", "{value}", "Values that were due and went out, and that all who answered refused.", "values.refusedByAll");

    internal static readonly NodeCounter Unanswered = new(
        "kad.value.unanswered", "{value}", "Values that were due and went out, and that nobody answered: they stay due.", "values.unanswered");

    internal static readonly NodeCounter SweepsCutOff = new(
        "kad.sweep.cut_off", "{look}", "Looks for due values that a node left out, and pieces of a shard's that an edge did not take, as all contacts are lost.", "sweeps.cutOff");

    internal static readonly NodeCounter SweepRegions = new(
        "kad.sweep.regions", "{region}", "Regions of the key space in which all values that were due went out.", "sweeps.regions");

    internal static readonly NodeCounter SweepSurveys = new(
        "kad.sweep.surveys", "{survey}", "Surveys that found the holders of a region's values.", "sweeps.surveys");

    internal static readonly NodeCounter SweepLookups = new(
        "kad.sweep.lookups", "{lookup}", "Lookups for one value that went out by itself.", "sweeps.lookups");

    internal static readonly NodeCounter StoreTokens = NodeCounter.Create<TokenCheck>(
        "kad.store.tokens", "{store}", "STOREs received, by the write token that they bore.", "stores.token", "kad.store.token");

    internal static readonly NodeCounter TokenlessChanges = NodeCounter.Create<TokenlessChange>(
        "kad.store.tokenless.changes",
        "{store}",
        "STOREs without a token over what an author wrote, by whether the bound of all such allowed it.",
        "stores.tokenlessChange",
        "kad.tokenless.outcome");

    internal static readonly NodeCounter FormerAsked = new(
        "kad.former.asked", "{endpoint}", "Former contacts and bootstrap nodes asked again.", "former.asked");

    internal static readonly NodeCounter FormerAnswered = new(
        "kad.former.answered", "{endpoint}", "Former contacts and bootstrap nodes that answered when asked again.", "former.answered");

    internal static readonly NodeCounter Merges = new(
        "kad.network.merges",
        "{lookup}",
        "Lookups of the own id through a node that knows contacts unknown here: two parts of a network meet.",
        "network.merges");

    private static readonly NodeCounter Requests = NodeCounter.Create<RequestKind>(
        "kad.request.received", "{request}", "Requests from other nodes, by type.", "received", "kad.request.type");

    private static readonly NodeCounter RefusedRequests = NodeCounter.Create<RefusalReason>(
        "kad.request.refused", "{request}", "Requests without a response, by reason.", "refused", "kad.refusal.reason");

    private static readonly NodeCounter Stores = NodeCounter.Create<StoreResult>(
        "kad.store.received", "{store}", "STOREs received, by result.", "stores.refused", "kad.store.result");

    private static readonly NodeCounter UnacknowledgedStores = NodeCounter.Create<UnacknowledgedReason>(
        "kad.store.unacknowledged",
        "{store}",
        "STOREs received that were not acknowledged, by reason.",
        "stores.unacknowledged",
        "kad.unacknowledged.reason");

    private static readonly NodeCounter WalkContacts = new(
        "kad.walk.contacts", "{contact}", "Verified contacts from random walks that the table lacked.", "walks.newContacts");

    private static readonly NodeCounter DisputedValues = new(
        "kad.lookup.disputes", "{lookup}", "Lookups of a value whose holders gave different ones.");

    private static readonly NodeCounter CrowdedLookups = new(
        "kad.lookup.crowded", "{lookup}", "Lookups whose nearest contacts are denser than the network's size allows.");

    private static readonly Counter<long> Outgoing =
        Meter.CreateCounter<long>("kad.request.sent", "{request}", "Requests that this process sent and that ended, by type and failure.");

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

    private static readonly KeyValuePair<string, object?>[] Reasons = MetricTags.Tags<TerminationReason>("kad.lookup.reason");

    // Of each type of request: an answer, and each failure.
    private static readonly int Outcomes = 1 + Enum.GetValues<RequestFailure>().Length;
    private static readonly KeyValuePair<string, object?>[][] OutgoingTags = CreateOutgoingTags();

    private readonly long[][] _counts = [.. Counters.Select(counter => new long[counter.Series])];
    private readonly long[] _lookups = new long[Enum.GetValues<TerminationReason>().Length];
    private long _walks;

    public long StoresRefusedByQuota =>
        this[Stores, (int)StoreResult.SourceQuotaExceeded]
        + this[Stores, (int)StoreResult.SubnetQuotaExceeded]
        + this[Stores, (int)StoreResult.OwnerQuotaExceeded]
        + this[Stores, (int)StoreResult.FarQuotaExceeded]
        + this[Stores, (int)StoreResult.TotalQuotaExceeded];

    public long ChangesRefused => this[Stores, (int)StoreResult.ChangeLimitExceeded];

    public long this[NodeCounter counter, int series = 0] => Volatile.Read(ref _counts[counter.Number][series]);

    public void Add(NodeCounter counter, int series = 0, long count = 1)
    {
        Interlocked.Add(ref _counts[counter.Number][series], count);
        counter.Add(series, count);
    }

    /// <summary>Creates the counters' series at 0: a rate misses the event with which a series appears.</summary>
    public static void Begin()
    {
        Counters.ForEach(static counter => counter.Begin());
        Array.ForEach(OutgoingTags, static tags => Outgoing.Add(0, tags));
        ItemCheckMetrics.Begin();
    }

    public void Received(RequestKind kind) => Add(Requests, (int)kind);

    public void Refused(RefusalReason reason) => Add(RefusedRequests, (int)reason);

    /// <summary>Counts a decoded request. A STORE may have reached no store, or its store threw.</summary>
    public void Refused(RequestKind kind, RefusalReason reason)
    {
        Refused(reason);
        if (kind == RequestKind.Store)
        {
            Add(UnacknowledgedStores, (int)ReasonOf(reason));
        }
    }

    public void Stored(StoreResult result)
    {
        Add(Stores, (int)result);
        if (ReasonOf(result) is { } reason)
        {
            Add(UnacknowledgedStores, (int)reason);
        }
    }

    public static void RequestEnded(RequestKind kind, RequestFailure? failure)
    {
        if (Outgoing.Enabled)
        {
            Outgoing.Add(1, OutgoingTags[PlaceOf(kind, failure)]);
        }
    }

    public void LookupEnded(LookupOutcome outcome, TimeSpan duration)
    {
        Interlocked.Increment(ref _lookups[(int)outcome.Reason]);
        var reason = Reasons[(int)outcome.Reason];
        LookupDuration.Record(duration.TotalSeconds, reason);
        LookupRequests.Record(outcome.Asked, reason);
        Add(DisputedValues, count: outcome.Differed > 0 ? 1 : 0);
        Add(CrowdedLookups, count: outcome.Crowded > 0 ? 1 : 0);
    }

    public void WalkEnded(LookupOutcome outcome, int newContacts, TimeSpan duration)
    {
        Interlocked.Increment(ref _walks);
        Add(WalkContacts, count: newContacts);
        var reason = Reasons[(int)outcome.Reason];
        WalkDuration.Record(duration.TotalSeconds, reason);
        WalkRequests.Record(outcome.Asked, reason);
        WalkResponses.Record(outcome.Answered, reason);
    }

    public IReadOnlyDictionary<string, long> Totals()
    {
        var totals = new SortedDictionary<string, long>(StringComparer.Ordinal)
        {
            ["stores.accepted"] = this[Stores, (int)StoreResult.Stored],
            ["walks.done"] = Volatile.Read(ref _walks),
        };
        foreach (var reason in Enum.GetValues<TerminationReason>())
        {
            totals[$"lookups.{reason}"] = Volatile.Read(ref _lookups[(int)reason]);
        }

        foreach (var counter in Counters.Where(counter => counter.Total is not null))
        {
            for (var i = 0; i < counter.Series; i++)
            {
                totals[counter.TotalOf(i)] = this[counter, i];
            }
        }

        totals.Remove(Stores.TotalOf((int)StoreResult.Stored));
        return totals;
    }

    /// <summary>Why a STORE with this result was not acknowledged; null if it was.</summary>
    internal static UnacknowledgedReason? ReasonOf(StoreResult result) => result switch
    {
        StoreResult.Stored => null,
        StoreResult.Late => UnacknowledgedReason.Late,
        StoreResult.Overtaken => UnacknowledgedReason.Overtaken,
        StoreResult.Busy => UnacknowledgedReason.Queue,
        StoreResult.StorageFailed => UnacknowledgedReason.Storage,
        StoreResult.TooLarge or StoreResult.UnsupportedType or StoreResult.Outdated
            or StoreResult.SourceQuotaExceeded or StoreResult.SubnetQuotaExceeded or StoreResult.FarQuotaExceeded
            or StoreResult.TotalQuotaExceeded or StoreResult.ChangeLimitExceeded or StoreResult.TokenRequired
            or StoreResult.Superseded or StoreResult.Unknown or StoreResult.InvalidItem or StoreResult.OlderItem
            or StoreResult.NotOwner or StoreResult.KeptQuotaExceeded or StoreResult.OwnerQuotaExceeded => UnacknowledgedReason.Refused,
    };

    internal static UnacknowledgedReason ReasonOf(RefusalReason reason) => reason switch
    {
        RefusalReason.Late => UnacknowledgedReason.Late,
        RefusalReason.Busy or RefusalReason.PendingLimit => UnacknowledgedReason.Queue,
        RefusalReason.StorageFailed => UnacknowledgedReason.Storage,
        RefusalReason.SourceLimit or RefusalReason.Malformed or RefusalReason.Unproven or RefusalReason.ByteBudget
            or RefusalReason.UnreachableSource or RefusalReason.Stopping or RefusalReason.Banned => UnacknowledgedReason.Refused,
    };

    private static int PlaceOf(RequestKind kind, RequestFailure? failure) => ((int)kind * Outcomes) + (failure is { } one ? (int)one + 1 : 0);

    private static KeyValuePair<string, object?>[][] CreateOutgoingTags()
    {
        // A request that was answered has no error.
        KeyValuePair<string, object?>[] outcomes = [default, .. MetricTags.Tags<RequestFailure>(ErrorType)];
        return
        [
            .. from type in MetricTags.Tags<RequestKind>("kad.request.type")
               from outcome in outcomes
               select outcome.Key is null ? new[] { type } : [type, outcome],
        ];
    }

    // A counter of the process, with a count for each node. A tag makes a series for each of its values. All are static fields of
    // NodeMetrics: a node's array of counts has the length of their list.
    internal sealed class NodeCounter
    {
        private readonly Counter<long> _counter;
        private readonly KeyValuePair<string, object?>[] _tags;
        private readonly string[] _totals;

        public NodeCounter(string name, string unit, string description, string? total = null)
            : this(name, unit, description, total, [], [])
        {
        }

        private NodeCounter(
            string name, string unit, string description, string? total, KeyValuePair<string, object?>[] tags, string[] totals)
        {
            _counter = Meter.CreateCounter<long>(name, unit, description);
            (_tags, _totals, Total, Number) = (tags, totals, total, Counters.Count);
            Counters.Add(this);
        }

        /// <summary>Its name in /status; null if it is not there.</summary>
        public string? Total { get; }

        public int Number { get; }

        public int Series => Math.Max(1, _tags.Length);

        public static NodeCounter Create<T>(string name, string unit, string description, string total, string tag)
            where T : struct, Enum =>
            new(name, unit, description, total, MetricTags.Tags<T>(tag), [.. Enum.GetNames<T>().Select(one => $"{total}.{one}")]);

        public string TotalOf(int series) => _totals.Length == 0 ? Total! : _totals[series];

        public void Begin()
        {
            for (var i = 0; i < Series; i++)
            {
                _counter.Add(0, TagsOf(i));
            }
        }

        public void Add(int series, long count)
        {
            if (_counter.Enabled)
            {
                _counter.Add(count, TagsOf(series));
            }
        }

        private ReadOnlySpan<KeyValuePair<string, object?>> TagsOf(int series) => _tags.AsSpan(series, _tags.Length == 0 ? 0 : 1);
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

/// <summary>What became of a STORE without a token that would change what an author wrote.</summary>
internal enum TokenlessChange
{
    /// <summary>The bound has room: the store decides as for any other.</summary>
    Allowed,

    /// <summary>The bound is used up, or this node requires tokens.</summary>
    Refused,
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

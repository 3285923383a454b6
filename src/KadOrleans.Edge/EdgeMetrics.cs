using System.Diagnostics.Metrics;

namespace KadOrleans.Edge;

/// <summary>The instruments of an edge's calls to silos, on the node's meter. Tags are small closed sets: never an id or a key.</summary>
internal static class EdgeMetrics
{
    private static readonly Meter Meter = new(KadTelemetry.MeterName);

    public static KeyValuePair<string, object?> AnswerSource(string source) => new("kad.answer.source", source);

    public static KeyValuePair<string, object?> ShardCall(string kind) => new("kad.shard.call", kind);

    public static Counter<long> ShardCalls { get; } =
        Meter.CreateCounter<long>("kad.shard.calls", "{call}", "Grain calls to key shards, by kind.");

    public static Counter<long> ShardAnswers { get; } = Meter.CreateCounter<long>(
        "kad.shard.answers", "{answer}", "Gets that the edge answered without a call, by what it knew: that no shard holds the key, its value, or either while the shard did not respond.");

    public static Histogram<long> ShardBatch { get; } = Meter.CreateHistogram<long>(
        "kad.shard.batch.size",
        "{item}",
        "Puts or gets that shared one grain call, by kind.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] });

    public static Counter<long> ShardFailures { get; } =
        Meter.CreateCounter<long>("kad.shard.failures", "{item}", "Puts and gets that ended without the shard's response, by kind.");

    public static Counter<long> TableCalls { get; } =
        Meter.CreateCounter<long>("kad.table.calls", "{call}", "Grain calls that reported observations to a routing table.");

    public static Counter<long> ObservationsSent { get; } =
        Meter.CreateCounter<long>("kad.table.observation.taken", "{observation}", "Observations that a routing table took.");

    public static Counter<long> ObservationsDropped { get; } = Meter.CreateCounter<long>(
        "kad.table.observation.dropped", "{observation}", "Observations dropped because too many waited or the table refused them.");

    public static UpDownCounter<int> LeasesHeld { get; } =
        Meter.CreateUpDownCounter<int>("kad.edge.lease.count", "{lease}", "Leases of node ids that the edge holds.");

    public static Counter<long> LeasesLost { get; } = Meter.CreateCounter<long>(
        "kad.edge.lease.lost", "{lease}", "Leases of node ids that another process took, or that the cluster forgot.");

    /// <summary>Creates the counters' series at 0. A rate over a series that appears with its first event misses that event.</summary>
    public static void Begin()
    {
        ShardFailures.Add(0, ShardCall("put"));
        ShardFailures.Add(0, ShardCall("get"));
        ShardAnswers.Add(0, AnswerSource("absent"));
        ShardAnswers.Add(0, AnswerSource("cached"));
        ShardAnswers.Add(0, AnswerSource("outage"));
        TableCalls.Add(0);
        ObservationsSent.Add(0);
        ObservationsDropped.Add(0);
        LeasesHeld.Add(0);
        LeasesLost.Add(0);
    }
}

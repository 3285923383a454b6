using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using KadOrleans.Signatures;

namespace KadOrleans.Grains;

/// <summary>The instruments of the grains, on the meter of the node. Tags are small closed sets: never an id or a key.</summary>
internal static class GrainMetrics
{
    private static readonly Meter Meter = new(KadTelemetry.MeterName);

    private static readonly Histogram<double> WriteDuration = Meter.CreateHistogram(
        "kad.storage.write.duration",
        "s",
        "Time until a write was durable, by target.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly Counter<long> WriteFailures =
        Meter.CreateCounter<long>("kad.storage.write.failures", "{write}", "Writes that failed, by target.");

    private static readonly Counter<long> CacheGets =
        Meter.CreateCounter<long>("kad.cache.gets", "{value}", "Gets of held values, by whether the value was in memory.");

    private static readonly Counter<long> UnsentValues =
        Meter.CreateCounter<long>("kad.shard.unsent", "{value}", "Due values that no edge sent before the next check of their shard.");

    private static readonly Histogram<double> ReminderLateness = Meter.CreateHistogram(
        "kad.reminder.lateness",
        "s",
        "Time from when a reminder was due until it came, by reminder.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600] });

    private static readonly Counter<long> RefusedConnections = Meter.CreateCounter<long>(
        "kad.connection.refused", "{connection}", "Connections that ended in the handshake, by port and reason.");

    private static readonly ConcurrentDictionary<ValueCache, byte> Caches = new();

    private static readonly KeyValuePair<string, object?>[] Targets = MetricTags.Tags<WriteTarget>("kad.storage.target");
    private static readonly KeyValuePair<string, object?>[] Reasons = MetricTags.Tags<HandshakeEnd>("kad.connection.reason");
    private static readonly KeyValuePair<string, object?>[] Ports =
        [.. Enum.GetValues<PortKind>().Select(static kind => new KeyValuePair<string, object?>("kad.connection.port", MetricTags.Value($"{kind}")))];
    private static readonly KeyValuePair<string, object?> Hit = new("kad.cache.result", MetricTags.Value("Hit"));
    private static readonly KeyValuePair<string, object?> Miss = new("kad.cache.result", MetricTags.Value("Miss"));

    private static int _shards;
    private static int _split;

    static GrainMetrics()
    {
        Meter.CreateObservableGauge("kad.cache.size", () => Caches.Keys.Sum(cache => cache.Bytes), "By", "Values in the cache.");
        Meter.CreateObservableGauge("kad.value.held", () => Held(static shard => shard.Count), "{key}", "Keys held for the network.");
        Meter.CreateObservableGauge("kad.shard.count", () => Volatile.Read(ref _shards), "{shard}", "Shards of the cluster.");
        Meter.CreateObservableGauge("kad.shard.split", () => Volatile.Read(ref _split), "{shard}", "Shards that a doubling has split so far.");
        Meter.CreateObservableGauge(
            "kad.value.kept", () => Held(static shard => shard.Accounts.KeptKeys), "{key}", "Items that are kept for their owners.");
        Meter.CreateObservableGauge("kad.value.size", () => Held(static shard => shard.Bytes), "By", "Footprint of the values held.");
    }

    /// <summary>Creates the counters' series at 0, and begins to measure a silo's cache.</summary>
    public static void Begin(ValueCache cache)
    {
        Caches.TryAdd(cache, 0);
        CacheGets.Add(0, Result(isHit: true));
        CacheGets.Add(0, Result(isHit: false));
        UnsentValues.Add(0);
        ShardMetrics.Begin();
        ItemCheckMetrics.Begin();
        foreach (var target in Enum.GetValues<WriteTarget>())
        {
            WriteFailures.Add(0, Tag(target));
        }

        foreach (var reason in Enum.GetValues<HandshakeEnd>().Where(static end => end != HandshakeEnd.Proven))
        {
            foreach (var port in Enum.GetValues<PortKind>())
            {
                RefusedConnections.Add(0, Ports[(int)port - 1], Reasons[(int)reason]);
            }
        }
    }

    public static void End(ValueCache cache) => Caches.TryRemove(cache, out _);

    public static void Got(int hits, int misses)
    {
        CacheGets.Add(hits, Result(isHit: true));
        CacheGets.Add(misses, Result(isHit: false));
    }

    public static void GaveUp(int values) => UnsentValues.Add(values);

    /// <summary>Counts a connection whose other side did not prove that it has the key of a port.</summary>
    public static void RefusedConnection(PortKind port, HandshakeEnd reason) => RefusedConnections.Add(1, Ports[(int)port - 1], Reasons[(int)reason]);

    public static void SetShards(int count, int split)
    {
        Volatile.Write(ref _shards, count);
        Volatile.Write(ref _split, split);
    }

    public static void Wrote(WriteTarget target, TimeSpan duration) => WriteDuration.Record(duration.TotalSeconds, Tag(target));

    /// <summary>Counts a write that failed for another reason than a newer writer.</summary>
    public static void WriteFailed(WriteTarget target) => WriteFailures.Add(1, Tag(target));

    public static void Ticked(string name, TimeSpan lateness) =>
        ReminderLateness.Record(lateness.TotalSeconds, new KeyValuePair<string, object?>("kad.reminder.name", name));

    // Read while the shard's own thread may write: a gauge may be a moment old.
    private static long Held(Func<KeyShard, long> of) =>
        Caches.Keys.SelectMany(cache => cache.Active.Keys).Where(shard => !shard.AreHalvesFilled).Sum(shard => of(shard.Shard));

    private static KeyValuePair<string, object?> Result(bool isHit) => isHit ? Hit : Miss;

    private static KeyValuePair<string, object?> Tag(WriteTarget target) => Targets[(int)target];
}

// The targets of writes to grain storage. The edges' directory and the cluster's settings change too seldom to be counted.
internal enum WriteTarget
{
    Shard,

    Table,

    /// <summary>The record by which a silo finds out whether storage takes writes.</summary>
    Check,
}

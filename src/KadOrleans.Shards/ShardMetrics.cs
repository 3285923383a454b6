using System.Diagnostics.Metrics;

namespace KadOrleans.Shards;

/// <summary>The engine's instruments, on the meter of the node. Tags are small closed sets: never an id or a key.</summary>
internal static class ShardMetrics
{
    private static readonly Meter Meter = new(KadTelemetry.MeterName);

    private static readonly Counter<long> Evictions =
        Meter.CreateCounter<long>("kad.value.evicted", "{value}", "Values evicted so that others had room, by class.");

    private static readonly Counter<long> Changes =
        Meter.CreateCounter<long>("kad.value.changed", "{value}", "Live values replaced by another source than the one that stored them.");

    private static readonly Counter<long> PageReads =
        Meter.CreateCounter<long>("kad.page.reads", "{page}", "Pages of shards read from storage for values.");

    private static readonly KeyValuePair<string, object?> Far = new("kad.eviction.class", MetricTags.Value("Far"));
    private static readonly KeyValuePair<string, object?> Near = new("kad.eviction.class", MetricTags.Value("Near"));

    /// <summary>Creates the counters' series at 0.</summary>
    public static void Begin()
    {
        PageReads.Add(0);
        Evictions.Add(0, Class(isFar: true));
        Evictions.Add(0, Class(isFar: false));
        Changes.Add(0);
    }

    public static void PageRead() => PageReads.Add(1);

    public static void Record(StoreTurnover turnover)
    {
        if (turnover != default)
        {
            Evictions.Add(turnover.EvictedFar, Class(isFar: true));
            Evictions.Add(turnover.EvictedNear, Class(isFar: false));
            Changes.Add(turnover.Changed);
        }
    }

    private static KeyValuePair<string, object?> Class(bool isFar) => isFar ? Far : Near;
}

using System.Diagnostics.Metrics;

namespace KadOrleans.Storage.Sqlite;

/// <summary>The metrics of writes, on the node's meter. Grain storage uses the same names with other targets.</summary>
internal static class StorageMetrics
{
    private static readonly Meter Meter = new(KadTelemetry.MeterName);
    private static readonly KeyValuePair<string, object?> Target = new("kad.storage.target", MetricTags.Value("Node"));

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "kad.storage.write.duration",
        "s",
        "Time until a write was durable, by target.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly Counter<long> Failures =
        Meter.CreateCounter<long>("kad.storage.write.failures", "{write}", "Writes that failed, by target.");

    public static void Begin() => Failures.Add(0, Target);

    public static void Wrote(TimeSpan duration) => Duration.Record(duration.TotalSeconds, Target);

    public static void Failed() => Failures.Add(1, Target);
}

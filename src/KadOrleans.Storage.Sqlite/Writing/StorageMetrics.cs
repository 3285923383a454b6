using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>What the disk costs, on the meter of the node. Grain storage reports under the same names with other targets.</summary>
internal static class StorageMetrics
{
    private static readonly Meter Meter = new("KadOrleans");
    private static readonly KeyValuePair<string, object?> Target = new("kad.storage.target", "Node");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "kad.storage.write.duration",
        "s",
        "Time until a write was durable, by target.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    private static readonly Counter<long> Failures =
        Meter.CreateCounter<long>("kad.storage.write.failures", "{write}", "Writes that failed, by target.");

    /// <summary>Makes the series of the counter, at 0.</summary>
    public static void Begin() => Failures.Add(0, Target);

    /// <summary>A transaction is on the disk.</summary>
    public static void Wrote(long startedAt) => Duration.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, Target);

    /// <summary>A transaction failed.</summary>
    public static void Failed() => Failures.Add(1, Target);
}

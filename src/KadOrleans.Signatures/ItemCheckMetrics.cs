using System.Diagnostics.Metrics;
using KadOrleans.Core;

namespace KadOrleans.Signatures;

/// <summary>The instrument of item checks, on the node's meter. Tags are a small closed set: never an owner, a key or a source.</summary>
internal static class ItemCheckMetrics
{
    private static readonly Meter Meter = new(KadTelemetry.MeterName);

    private static readonly Counter<long> Checks = Meter.CreateCounter<long>(
        "kad.item.checks", "{check}", "Signed items that were offered or read and were not held already, by what their check found.");

    private static readonly KeyValuePair<string, object?>[] Results = MetricTags.Tags<ItemCheckResult>("kad.item.result");

    /// <summary>Creates the counter's series at 0. A rate over a series that appears with its first event misses that event.</summary>
    public static void Begin()
    {
        foreach (var result in Results)
        {
            Checks.Add(0, result);
        }
    }

    public static void Record(ItemCheckResult result)
    {
        if (Checks.Enabled)
        {
            Checks.Add(1, Results[(int)result]);
        }
    }
}

/// <summary>What became of an item that was to be checked.</summary>
internal enum ItemCheckResult
{
    /// <summary>It is its owner's, or an immutable one.</summary>
    Accepted,

    /// <summary>Its signature does not hold.</summary>
    Forged,

    /// <summary>Its bytes are no item, or one of another key. No signature was verified, so it costs no budget.</summary>
    Malformed,

    /// <summary>Too many items of its source, its subnet or of all together failed: refused unverified.</summary>
    OverBudget,

    /// <summary>Too many of strangers waited to be verified.</summary>
    Busy,
}

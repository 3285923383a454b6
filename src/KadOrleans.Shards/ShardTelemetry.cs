using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

/// <summary>The engine's instruments, on the meter of the node. Tags are small closed sets: never an id or a key.</summary>
internal static class ShardMetrics
{
    private static readonly Meter Meter = new("KadOrleans");

    private static readonly Counter<long> Evictions =
        Meter.CreateCounter<long>("kad.values.evicted", "{value}", "Values evicted so that others had room, by class.");

    private static readonly Counter<long> Changes =
        Meter.CreateCounter<long>("kad.values.changed", "{value}", "Live values replaced by another source than the one that stored them.");

    private static readonly Counter<long> PageReads =
        Meter.CreateCounter<long>("kad.page.reads", "{page}", "Pages of shards read from storage for values.");

    /// <summary>Creates the counters' series at 0.</summary>
    public static void Begin()
    {
        PageReads.Add(0);
        Evictions.Add(0, Class(isFar: true));
        Evictions.Add(0, Class(isFar: false));
        Changes.Add(0);
    }

    public static void PageRead() => PageReads.Add(1);

    /// <summary>Counts the evictions of a durable put, and whether it replaced another source's value.</summary>
    public static void Noted(StoreTurnover turnover)
    {
        if (turnover != default)
        {
            Evictions.Add(turnover.EvictedFar, Class(isFar: true));
            Evictions.Add(turnover.EvictedNear, Class(isFar: false));
            Changes.Add(turnover.Changed);
        }
    }

    private static KeyValuePair<string, object?> Class(bool isFar) => new("kad.eviction.class", isFar ? "Far" : "Near");
}

/// <summary>The engine's log messages. Their stable ids are of the grains' range.</summary>
internal static partial class ShardsLog
{
    [LoggerMessage(6011, LogLevel.Error, "A group commit of {Changes} changes failed")]
    public static partial void ShardWriteFailed(this ILogger logger, int changes, Exception exception);

    [LoggerMessage(6012, LogLevel.Error, "A shard's storage could not be read; pending writes fail")]
    public static partial void ShardReadFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6013, LogLevel.Warning, "Another activation wrote to a shard ({Message}); its records are read and the puts decided again")]
    public static partial void ShardWrittenElsewhere(this ILogger logger, string message);

    [LoggerMessage(
        6018,
        LogLevel.Warning,
        "{Source} may change no more values of others in a shard within the hour; it changed {Changed} of them since the shard became active")]
    public static partial void ChangesRefused(this ILogger logger, string source, long changed);

    [LoggerMessage(6014, LogLevel.Warning, "A shard's log could not be compacted into pages; nothing is lost, and it is tried again")]
    public static partial void ShardCompactionFailed(this ILogger logger, Exception exception);
}

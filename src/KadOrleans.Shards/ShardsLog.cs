using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

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

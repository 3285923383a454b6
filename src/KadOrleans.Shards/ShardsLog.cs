using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

/// <summary>The engine's log messages: docs/telemetry.md, Events.</summary>
internal static partial class ShardsLog
{
    [LoggerMessage(6400, LogLevel.Error, "A write of {Changes} changes to {Shard} failed; the shard's log is read to see whether they are stored")]
    public static partial void ShardWriteFailed(this ILogger logger, int changes, string shard, Exception exception);

    [LoggerMessage(6401, LogLevel.Error, "The storage of {Shard} could not be read; the writes that wait for it fail")]
    public static partial void ShardReadFailed(this ILogger logger, string shard, Exception exception);

    [LoggerMessage(6402, LogLevel.Warning, "Another activation of {Shard} wrote first; its records are read, and the writes are decided again: {Message}")]
    public static partial void ShardWrittenElsewhere(this ILogger logger, string shard, string message);

    [LoggerMessage(
        6404,
        LogLevel.Warning,
        "{Source} may change no more values of others in {Shard} within the hour; it changed {Changed} of them since the shard became active")]
    public static partial void ChangesRefused(this ILogger logger, string source, string shard, long changed);

    [LoggerMessage(
        6405,
        LogLevel.Warning,
        "The record of {Shard} of when values were stored last could not be read, so some are sent again early: {Message}")]
    public static partial void TimesNotRead(this ILogger logger, string shard, string message);

    [LoggerMessage(
        6406,
        LogLevel.Warning,
        "When values of {Shard} were stored last could not be written; it is tried again within minutes: {Message}")]
    public static partial void TimesNotWritten(this ILogger logger, string shard, string message);

    [LoggerMessage(6403, LogLevel.Warning, "The log of {Shard} could not be compacted into pages; nothing is lost, and it is tried again")]
    public static partial void ShardCompactionFailed(this ILogger logger, string shard, Exception exception);
}

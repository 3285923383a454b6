using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Diagnostics;

/// <summary>The adapters' log messages. Event ids 6000 to 6099.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(6000, LogLevel.Error, "The cluster's shards do not answer ({Shard} last); {Count} puts and gets failed since the last such line")]
    public static partial void ShardsFailed(this ILogger logger, Exception? exception, string shard, long count);

    [LoggerMessage(6010, LogLevel.Warning, "Observations do not reach the routing table of {Id}; they are retried until they do")]
    public static partial void TableUnreachable(this ILogger logger, Exception exception, NodeId id);

    [LoggerMessage(6011, LogLevel.Information, "Observations reach the routing table of {Id} again")]
    public static partial void TableReachable(this ILogger logger, NodeId id);

    [LoggerMessage(6012, LogLevel.Warning, "Another edge holds {Id} now: this one stops reporting for it")]
    public static partial void TableFenced(this ILogger logger, NodeId id);

    [LoggerMessage(6013, LogLevel.Error, "The routing table of {Id} refused {Count} observations, which are dropped")]
    public static partial void ObservationsRefused(this ILogger logger, Exception exception, NodeId id, int count);

    [LoggerMessage(6020, LogLevel.Warning,
        "The cluster's time is {Seconds} s ahead of this machine's clock, more than {Bound} s apart: see to its time service (NTP)")]
    public static partial void ClocksDiffer(this ILogger logger, double seconds, double bound);

    [LoggerMessage(6021, LogLevel.Information, "The cluster's time is near this machine's clock again: {Seconds} s ahead")]
    public static partial void ClocksAgree(this ILogger logger, double seconds);
}

/// <summary>Logs that shards do not answer: at most one line per ten seconds, with the number of failed requests.</summary>
internal sealed class OutageLog(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // Guards _lastLine and _failed.
    private readonly Lock _gate = new();
    private long? _lastLine;
    private long _failed;

    public void Add(string shard, int count, Exception? cause)
    {
        long failed;
        lock (_gate)
        {
            _failed += count;
            if (_lastLine is { } last && time.GetElapsedTime(last) < Interval)
            {
                return;
            }

            (failed, _failed) = (_failed, 0);
            _lastLine = time.GetTimestamp();
        }

        logger.ShardsFailed(cause, shard, failed);
    }
}

using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Diagnostics;

/// <summary>What the adapters log. Event ids 6000 to 6099.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(6000, LogLevel.Error, "The cluster's shards do not answer ({Shard} last); {Count} puts and gets failed since the last such line")]
    public static partial void ShardsFailed(this ILogger logger, Exception? exception, string shard, long count);

    [LoggerMessage(6001, LogLevel.Debug, "A call to {Shard} failed and is tried again in {Delay}")]
    public static partial void ShardCallRetried(this ILogger logger, Exception exception, string shard, TimeSpan delay);

    [LoggerMessage(6010, LogLevel.Warning, "The routing table of {Id} cannot be told of what was observed; it is tried again until it can")]
    public static partial void TableUnreachable(this ILogger logger, Exception exception, NodeId id);

    [LoggerMessage(6011, LogLevel.Information, "The routing table of {Id} is told of what is observed again")]
    public static partial void TableReachable(this ILogger logger, NodeId id);

    [LoggerMessage(6012, LogLevel.Warning, "Another edge holds {Id} now: this one reports nothing more under it")]
    public static partial void TableFenced(this ILogger logger, NodeId id);

    [LoggerMessage(6013, LogLevel.Error, "The routing table of {Id} refused {Count} observations, which are given up")]
    public static partial void ObservationsRefused(this ILogger logger, Exception exception, NodeId id, int count);

    [LoggerMessage(6020, LogLevel.Warning,
        "The clock of the silo that leases node ids is {Seconds} s ahead of this machine's, more than {Bound} s apart: see to the time service (NTP) of both")]
    public static partial void ClocksDiffer(this ILogger logger, double seconds, double bound);

    [LoggerMessage(6021, LogLevel.Information, "The clock of the silo that leases node ids is near this machine's again: {Seconds} s ahead")]
    public static partial void ClocksAgree(this ILogger logger, double seconds);
}

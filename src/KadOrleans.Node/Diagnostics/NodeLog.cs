using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Diagnostics;

/// <summary>The engine's log messages. Ids are stable: 1000 to 1999.</summary>
internal static partial class NodeLog
{
    [LoggerMessage(1000, LogLevel.Information, "Node {Id} started with {Contacts} saved contacts and {Keys} keys")]
    public static partial void NodeStarted(this ILogger logger, NodeId id, int contacts, long keys);

    [LoggerMessage(1001, LogLevel.Information, "Node {Id} stopped")]
    public static partial void NodeStopped(this ILogger logger, NodeId id);

    [LoggerMessage(1002, LogLevel.Information, "Bootstrap: {Joined} of {Tried} nodes answered, {Contacts} contacts known")]
    public static partial void Bootstrapped(this ILogger logger, int joined, int tried, int contacts);

    [LoggerMessage(EventId = 1003, Message = "Bootstrap node {Address}: {Problem}")]
    public static partial void BootstrapNodeFailed(this ILogger logger, LogLevel level, string address, string problem);

    [LoggerMessage(EventId = 1010, Message = "A request could not be answered")]
    public static partial void RequestFailed(this ILogger logger, LogLevel level, Exception exception);

    [LoggerMessage(1011, LogLevel.Error, "A request that got no answer could not be ended in good order; this is a bug")]
    public static partial void RequestFaulted(this ILogger logger, Exception exception);

    [LoggerMessage(1020, LogLevel.Error, "Maintenance ({Work}) failed; it will be tried again when it is due next")]
    public static partial void MaintenanceFailed(this ILogger logger, string work, Exception exception);

    [LoggerMessage(1021, LogLevel.Debug, "Refreshed {Buckets} buckets")]
    public static partial void BucketsRefreshed(this ILogger logger, int buckets);

    [LoggerMessage(1022, LogLevel.Debug, "Removed {Keys} expired keys")]
    public static partial void ValuesExpired(this ILogger logger, int keys);

    [LoggerMessage(1023, LogLevel.Debug, "Handed {Values} values to a new contact")]
    public static partial void ValuesHandedOff(this ILogger logger, int values);

    [LoggerMessage(1024, LogLevel.Error, "The node's state could not be saved; the last saved one stays")]
    public static partial void StateNotSaved(this ILogger logger, Exception exception);
}

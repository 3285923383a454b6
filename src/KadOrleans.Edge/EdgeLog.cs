namespace KadOrleans.Edge;

/// <summary>An edge's log messages: docs/telemetry.md, Events.</summary>
internal static partial class EdgeLog
{
    [LoggerMessage(6220, LogLevel.Error, "The cluster's shards do not answer ({Shard} last); {Count} puts and gets failed since the last such message")]
    public static partial void ShardsFailed(this ILogger logger, Exception? exception, string shard, long count);

    [LoggerMessage(6221, LogLevel.Warning, "The routing table of {Id} does not answer; this edge calls it again until it does")]
    public static partial void TableUnreachable(this ILogger logger, Exception exception, NodeId id);

    [LoggerMessage(6222, LogLevel.Information, "The routing table of {Id} answers again")]
    public static partial void TableReachable(this ILogger logger, NodeId id);

    [LoggerMessage(6223, LogLevel.Warning, "Another edge holds {Id} now: this one stops reporting for it")]
    public static partial void TableFenced(this ILogger logger, NodeId id);

    [LoggerMessage(6224, LogLevel.Error, "The routing table of {Id} refused {Count} observations, which are dropped")]
    public static partial void ObservationsRefused(this ILogger logger, Exception exception, NodeId id, int count);

    [LoggerMessage(6225, LogLevel.Warning,
        "The cluster's time is {Seconds} s ahead of this machine's clock, more than {Bound} s apart: check the time service (NTP) of this machine")]
    public static partial void ClocksDiffer(this ILogger logger, double seconds, double bound);

    [LoggerMessage(6226, LogLevel.Information, "The cluster's time is near this machine's clock again: {Seconds} s ahead of it")]
    public static partial void ClocksAgree(this ILogger logger, double seconds);

    [LoggerMessage(6200, LogLevel.Information, "listening udp {Endpoint} id {Id} edge {Edge}")]
    public static partial void Listening(this ILogger logger, UdpEndpoint endpoint, NodeId id, string edge);

    [LoggerMessage(6201, LogLevel.Warning, "Edge {Edge} waits for the cluster, and goes on trying: {Problem}")]
    public static partial void WaitingForCluster(this ILogger logger, string edge, string problem);

    [LoggerMessage(6202, LogLevel.Information, "Edge {Edge} holds {Count} node ids under epoch {Epoch}")]
    public static partial void Leased(this ILogger logger, string edge, int count, long epoch);

    [LoggerMessage(6203, LogLevel.Warning,
        "Edge {Edge} is cut off from the silos: it answers PING and FIND_NODE from its last snapshot, and a STORE only if a silo stores it: {Problem}")]
    public static partial void CutOff(this ILogger logger, string edge, string problem);

    [LoggerMessage(6204, LogLevel.Information, "Edge {Edge} reaches the silos again")]
    public static partial void Recovered(this ILogger logger, string edge);

    [LoggerMessage(6205, LogLevel.Error,
        "Edge {Edge} lost its node ids to another process of the same name, and stops using them: give each edge its own Kad:Edge:Name")]
    public static partial void LeaseLost(this ILogger logger, string edge);

    [LoggerMessage(6206, LogLevel.Warning, "The cluster forgot the lease of edge {Edge}: it asks for a new one")]
    public static partial void LeaseForgotten(this ILogger logger, string edge);

    [LoggerMessage(6217, LogLevel.Information, "An operator ended the lease of edge {Edge}, to drain it or to give it other node ids: it asks for a new one")]
    public static partial void LeaseEnded(this ILogger logger, string edge);

    [LoggerMessage(6207, LogLevel.Information, "Edge {Edge} stopped and handed its node ids back")]
    public static partial void Stopped(this ILogger logger, string edge);

    [LoggerMessage(6208, LogLevel.Warning, "Edge {Edge} stopped, but could not hand its node ids back; the lease runs out by itself: {Problem}")]
    public static partial void NotReleased(this ILogger logger, string edge, string problem);

    [LoggerMessage(6210, LogLevel.Warning,
        "Another live edge uses the name {Edge}: this one waits until that one ends; give each edge its own Kad:Edge:Name")]
    public static partial void NameInUse(this ILogger logger, string edge);

    [LoggerMessage(6212, LogLevel.Warning,
        "Another edge held the name {Edge} and may be cut off by the loss of a silo: this one waits for its response or the end of its lease, {Seconds} s at most")]
    public static partial void NameUnclear(this ILogger logger, string edge, double seconds);

    [LoggerMessage(6211, LogLevel.Debug, "The clock of the silos could not be read: {Problem}")]
    public static partial void ClockNotRead(this ILogger logger, string problem);

    [LoggerMessage(6213, LogLevel.Debug, "The newest bans could not be read: {Problem}")]
    public static partial void RulesNotRead(this ILogger logger, string problem);

    [LoggerMessage(6216, LogLevel.Debug, "The node ids of the cluster's other edges could not be read: {Problem}")]
    public static partial void SiblingsNotRead(this ILogger logger, string problem);

    [LoggerMessage(6215, LogLevel.Warning, "Edge {Edge} holds its lease, but the tables or the number of shards could not be read; it serves from those it has: {Problem}")]
    public static partial void TablesNotRead(this ILogger logger, string edge, string problem);

    [LoggerMessage(6209, LogLevel.Error, "The loop {Loop} of node {Id} failed and has ended: restart the process")]
    public static partial void LoopFailed(this ILogger logger, string loop, NodeId id, Exception exception);

    [LoggerMessage(6214, LogLevel.Warning, "No silo asks for the slice {Lease} any more: this edge stops crawling it, and another edge may get it")]
    public static partial void SliceDropped(this ILogger logger, string lease);
}

namespace KadOrleans.Node;

/// <summary>The engine's log messages. Ids are stable: 1000 to 1999.</summary>
internal static partial class NodeLog
{
    [LoggerMessage(1000, LogLevel.Information, "Node {Id} started with {Contacts} saved contacts and {Keys} keys")]
    public static partial void NodeStarted(this ILogger logger, NodeId id, int contacts, long keys);

    [LoggerMessage(1004, LogLevel.Information, "The node has no storage: its values are in memory, and lost when it stops; UseSqlite or 'kad node --data' keeps them")]
    public static partial void ValuesInMemory(this ILogger logger);

    [LoggerMessage(1001, LogLevel.Information, "Node {Id} stopped")]
    public static partial void NodeStopped(this ILogger logger, NodeId id);

    [LoggerMessage(1002, LogLevel.Information, "Join: {Joined} of {Tried} bootstrap nodes and earlier contacts answered, {Contacts} contacts known")]
    public static partial void Joined(this ILogger logger, int joined, int tried, int contacts);

    [LoggerMessage(1007, LogLevel.Information, "No bootstrap node answered: they are asked again each minute")]
    public static partial void NotJoined(this ILogger logger);

    [LoggerMessage(EventId = 1003, Message = "Bootstrap node {Address}: {Problem}")]
    public static partial void BootstrapNodeFailed(this ILogger logger, LogLevel level, string address, string problem);

    [LoggerMessage(EventId = 1010, Message = "Handling a request failed: a STORE gets no response, a FIND_VALUE at most contacts")]
    public static partial void RequestFailed(this ILogger logger, LogLevel level, Exception exception);

    [LoggerMessage(1011, LogLevel.Error, "A request without a response could not be completed; this is a bug")]
    public static partial void RequestFaulted(this ILogger logger, Exception exception);

    [LoggerMessage(1020, LogLevel.Error, "Maintenance ({Work}) failed; it is retried when it is next due")]
    public static partial void MaintenanceFailed(this ILogger logger, string work, Exception exception);

    [LoggerMessage(1005, LogLevel.Information, "A part of the network that was out of reach is back: {Added} of the nearest contacts are new, {Contacts} are known")]
    public static partial void PartsMet(this ILogger logger, int added, int contacts);

    [LoggerMessage(1006, LogLevel.Information, "{Values} values that were stored while a part of the network was out of reach are sent out again")]
    public static partial void ValuesSpread(this ILogger logger, int values);

    [LoggerMessage(1021, LogLevel.Debug, "Refreshed {Buckets} buckets")]
    public static partial void BucketsRefreshed(this ILogger logger, int buckets);

    [LoggerMessage(1022, LogLevel.Debug, "Removed {Keys} expired keys")]
    public static partial void ValuesExpired(this ILogger logger, int keys);

    [LoggerMessage(1023, LogLevel.Debug, "Handed {Values} values off to a new contact")]
    public static partial void ValuesHandedOff(this ILogger logger, int values);

    [LoggerMessage(1024, LogLevel.Error, "The node's state could not be saved; the last saved one stays")]
    public static partial void StateNotSaved(this ILogger logger, Exception exception);

    [LoggerMessage(1025, LogLevel.Debug, "Republished {Values} values and published {Publications} again")]
    public static partial void ValuesRepublished(this ILogger logger, int values, int publications);

    [LoggerMessage(1026, LogLevel.Warning, "The publication of {Key} has ended: {Votes} of the {Holders} nearest nodes hold a value that was published later")]
    public static partial void PublicationEnded(this ILogger logger, NodeId key, int votes, int holders);

    [LoggerMessage(1028, LogLevel.Warning, "The value of {Key} is stored, but will not be published again: {Result}")]
    public static partial void NotRemembered(this ILogger logger, NodeId key, StoreResult result);

    [LoggerMessage(
        1067,
        LogLevel.Warning,
        "The quota of keys or bytes in all is reached, so the value of {Key} was not stored: raise totalKeys or totalBytes")]
    public static partial void StoreFull(this ILogger logger, NodeId key);

    [LoggerMessage(
        1029,
        LogLevel.Warning,
        "A quota of stored values is reached with {Keys} keys and {Bytes} bytes: {Evicted} values were evicted and {Refused} STOREs refused within a minute")]
    public static partial void QuotaReached(this ILogger logger, long keys, long bytes, long evicted, long refused);

    [LoggerMessage(
        1036,
        LogLevel.Information,
        "No quota of stored values is reached any more: for {Minutes} minutes nothing was evicted or refused; {Keys} keys and {Bytes} bytes are held")]
    public static partial void QuotaNoLongerReached(this ILogger logger, int minutes, long keys, long bytes);

    [LoggerMessage(
        1064,
        LogLevel.Warning,
        "The limit of changes is reached: {Refused} STOREs over values of others were refused within a minute; {Source} changed most, {Changed} values since the start")]
    public static partial void ChangeLimitReached(this ILogger logger, long refused, string source, long changed);

    [LoggerMessage(
        1065,
        LogLevel.Warning,
        "The limit of changes is reached: {Refused} STOREs over values of others were refused within a minute; the silos' logs name the sources")]
    public static partial void ChangeLimitReachedElsewhere(this ILogger logger, long refused);

    [LoggerMessage(1066, LogLevel.Information, "The limit of changes is not reached any more: for {Minutes} minutes nothing was refused for it")]
    public static partial void ChangeLimitNoLongerReached(this ILogger logger, int minutes);

    [LoggerMessage(1030, LogLevel.Debug, "Random walk to {Target}: {Reason}, {Asked} asked, {Answered} answered, {Added} new contacts, {Seconds} s")]
    public static partial void Walked(
        this ILogger logger, NodeId target, TerminationReason reason, int asked, int answered, int added, double seconds);

    [LoggerMessage(1031, LogLevel.Debug, "Refreshed the table by {Walks} random walks: {Found} contacts found, {Contacts} known")]
    public static partial void TableRefreshed(this ILogger logger, int walks, int found, int contacts);

    [LoggerMessage(1032, LogLevel.Warning, "A random walk failed; the others of its batch go on")]
    public static partial void WalkFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1033, LogLevel.Error, "The routing table could not be refreshed; the refresh is tried again")]
    public static partial void TableNotRefreshed(this ILogger logger, Exception exception);

    [LoggerMessage(1034, LogLevel.Error, "A callback of a table refresh failed; the others are still called")]
    public static partial void RefreshCallbackFailed(this ILogger logger, Exception exception);

    [LoggerMessage(1035, LogLevel.Debug, "Found by a random walk and ignored: {Problem}")]
    public static partial void ContactNotValid(this ILogger logger, string problem);

    [LoggerMessage(1060, LogLevel.Warning, "The system clock jumped ahead by {Seconds:0} s. That is not believed, and no value is removed, until it has kept pace with the monotonic clock for {Minutes:0} minutes")]
    public static partial void ClocksParted(this ILogger logger, double seconds, double minutes);

    [LoggerMessage(1068, LogLevel.Warning, "The system clock was set back by {Seconds:0} s. That is believed at once, and no value is removed, until it has kept pace with the monotonic clock for {Minutes:0} minutes")]
    public static partial void ClockSetBack(this ILogger logger, double seconds, double minutes);

    [LoggerMessage(1061, LogLevel.Warning, "The system clock has kept pace with the monotonic clock for {Minutes:0} minutes: values expire by it again. It was set by {Seconds:0} s")]
    public static partial void ClocksAgreed(this ILogger logger, double minutes, double seconds);

    [LoggerMessage(1062, LogLevel.Warning, "{Values} values that were stored while the system clock was behind live {Seconds:0} s longer")]
    public static partial void TimesCorrected(this ILogger logger, int values, double seconds);

    [LoggerMessage(1063, LogLevel.Information, "The network had {Found} of the {Lost} values that were damaged on the disk")]
    public static partial void LostValuesFound(this ILogger logger, int found, int lost);

    [LoggerMessage(1070, LogLevel.Information, "The crawl {Id} ended: {Phase}, {Reachable} nodes, {Unreachable} unreachable")]
    public static partial void CrawlEnded(this ILogger logger, string id, CrawlPhase phase, int reachable, int unreachable);

    [LoggerMessage(1071, LogLevel.Error, "The crawl {Id} failed and was not kept; start another")]
    public static partial void CrawlFailed(this ILogger logger, string id, Exception exception);
}

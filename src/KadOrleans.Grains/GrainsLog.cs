using System.Net;

namespace KadOrleans.Grains;

/// <summary>The grains' log messages: docs/telemetry.md, Events.</summary>
internal static partial class GrainsLog
{
    [LoggerMessage(6000, LogLevel.Information, "The cluster has {ShardBits} shard bits, and writes state of schema version {StateVersion}")]
    public static partial void ClusterAgreed(this ILogger logger, int shardBits, int stateVersion);

    [LoggerMessage(6001, LogLevel.Debug, "The cluster's settings cannot be read before the silo is active: {Message}")]
    public static partial void SettingsNotRead(this ILogger logger, string message);

    [LoggerMessage(6003, LogLevel.Debug, "This silo could not read the cluster's time, settings or limits; it tries again: {Message}")]
    public static partial void ClusterNotFollowed(this ILogger logger, string message);

    [LoggerMessage(6004, LogLevel.Warning, "This silo does not fit its cluster, and will be refused when it starts again: {Message}")]
    public static partial void SettingsDiffer(this ILogger logger, string message);

    [LoggerMessage(6005, LogLevel.Information, "{Shards} shards were handed over to {Silos} other silos in {Duration}")]
    public static partial void ShardsHandedOver(this ILogger logger, int shards, int silos, TimeSpan duration);

    [LoggerMessage(6006, LogLevel.Warning, "Some shards were not handed over before this silo stops; each activates on another silo when it is called: {Message}")]
    public static partial void ShardsNotHandedOver(this ILogger logger, string message);

    [LoggerMessage(6007, LogLevel.Information, "The {Shards} shards of the cluster are being doubled")]
    public static partial void DoublingBegun(this ILogger logger, int shards);

    [LoggerMessage(6008, LogLevel.Information, "{Split} of {Shards} shards are split")]
    public static partial void DoublingGoesOn(this ILogger logger, int split, int shards);

    [LoggerMessage(6009, LogLevel.Information, "The cluster has {Shards} shards from now on; the longest split took {Longest}")]
    public static partial void DoublingEnded(this ILogger logger, int shards, TimeSpan longest);

    [LoggerMessage(6050, LogLevel.Warning, "{Shard} is not split yet, and it is tried again: {Message}")]
    public static partial void ShardNotSplit(this ILogger logger, string shard, string message);

    [LoggerMessage(6051, LogLevel.Debug, "{Shard} is split after {Duration}, with {Keys} keys")]
    public static partial void ShardSplit(this ILogger logger, string shard, int keys, TimeSpan duration);

    [LoggerMessage(6052, LogLevel.Warning, "The doubling of the shards was interrupted, and continues later: {Message}")]
    public static partial void DoublingInterrupted(this ILogger logger, string message);

    [LoggerMessage(6010, LogLevel.Debug, "{Shard} is active with {Keys} keys after {Duration}")]
    public static partial void ShardActivated(this ILogger logger, string shard, int keys, TimeSpan duration);

    [LoggerMessage(6015, LogLevel.Warning, "Expired values of {Shard} were not all removed; the next check removes them: {Message}")]
    public static partial void ExpiryFailed(this ILogger logger, string shard, string message);

    [LoggerMessage(6016, LogLevel.Warning, "The reminder {Name} of {Grain} could not be set or removed; it is tried again")]
    public static partial void ReminderNotSet(this ILogger logger, string name, GrainId grain, Exception exception);

    [LoggerMessage(6017, LogLevel.Warning, "Due values of {Shard} could not be passed to an edge for republishing; it is tried again: {Message}")]
    public static partial void RepublishNotHandedOver(this ILogger logger, string shard, string message);

    [LoggerMessage(6018, LogLevel.Warning, "{Left} due values of {Shard} were not sent within {Longest}, by any edge; the next check begins anew")]
    public static partial void RepublishGivenUp(this ILogger logger, string shard, int left, TimeSpan longest);

    [LoggerMessage(6019, LogLevel.Warning, "{Shard} could not be loaded; a later call tries again: {Message}")]
    public static partial void ShardNotLoaded(this ILogger logger, string shard, string message, Exception? exception);

    [LoggerMessage(6020, LogLevel.Warning, "The routing table of {NodeId} could not be saved; it is tried again")]
    public static partial void TableNotSaved(this ILogger logger, string nodeId, Exception exception);

    [LoggerMessage(6021, LogLevel.Warning, "The routing table of {NodeId} was saved by another activation; this one ends")]
    public static partial void TableSavedElsewhere(this ILogger logger, string nodeId);

    [LoggerMessage(6022, LogLevel.Warning, "The edge of {NodeId} did not take a snapshot; it gets the newest with the next change, or when it subscribes again: {Message}")]
    public static partial void SnapshotNotTaken(this ILogger logger, string nodeId, string message);

    [LoggerMessage(6023, LogLevel.Warning, "The edge of {NodeId} did not take {Work}; it is tried again later: {Message}")]
    public static partial void WorkNotTaken(this ILogger logger, string nodeId, string work, string message);

    [LoggerMessage(6033, LogLevel.Information, "The edge name {Name} is forgotten: no edge used it for {Days} days")]
    public static partial void NameForgotten(this ILogger logger, string name, double days);

    [LoggerMessage(6030, LogLevel.Information, "Edge {Name} leases {Count} ids under epoch {Epoch}")]
    public static partial void IdsLeased(this ILogger logger, string name, int count, long epoch);

    [LoggerMessage(6031, LogLevel.Information, "Edge {Name} of epoch {Epoch} does not answer another edge that asks for its name: {Message}")]
    public static partial void HolderSilent(this ILogger logger, string name, long epoch, string message);

    [LoggerMessage(6032, LogLevel.Information, "Not every silo answers, so the name of an unresponsive edge stays leased: {Message}")]
    public static partial void SiloSilent(this ILogger logger, string message);

    [LoggerMessage(6040, LogLevel.Warning, "Edge {Name} failed a call; another is tried: {Message}")]
    public static partial void EdgeFailed(this ILogger logger, string name, string message);

    [LoggerMessage(6044, LogLevel.Warning, "The edge directory did not respond; the last list of live edges is used: {Message}")]
    public static partial void EdgesNotListed(this ILogger logger, string message);

    [LoggerMessage(6042, LogLevel.Warning, "A value was stored in the cluster alone; the next check sends it to the network: {Message}")]
    public static partial void NetworkNotReached(this ILogger logger, string message);

    [LoggerMessage(6045, LogLevel.Warning, "The network was not asked for an item newer than the cluster's: {Message}")]
    public static partial void NetworkNotAsked(this ILogger logger, string message);

    [LoggerMessage(6053, LogLevel.Warning, "Edge {Name} does not follow the newest bans and limits yet; it asks for them with its next renewal: {Message}")]
    public static partial void RulesNotTaken(this ILogger logger, string name, string message);

    [LoggerMessage(6054, LogLevel.Warning, "The changed limits could not be read; this silo follows its settings until it reads them: {Message}")]
    public static partial void LimitsNotRead(this ILogger logger, string message);

    [LoggerMessage(6076, LogLevel.Warning, "The cluster's time moved by {Seconds} s as seen from this silo, which adds {Correction} s to its clock")]
    public static partial void ClusterTimeMoved(this ILogger logger, double seconds, double correction);

    [LoggerMessage(6077, LogLevel.Debug, "The clock of silo {Silo} was not read: {Message}")]
    public static partial void SiloClockNotRead(this ILogger logger, SiloAddress silo, string message);

    [LoggerMessage(6078, LogLevel.Debug, "Silo {Silo} did not report its state: {Message}")]
    public static partial void SiloReportNotRead(this ILogger logger, SiloAddress silo, string message);

    [LoggerMessage(6079, LogLevel.Debug, "The membership table was not read: {Message}")]
    public static partial void MembersNotRead(this ILogger logger, string message);

    [LoggerMessage(
        6090,
        LogLevel.Warning,
        "The quota of {Shard} is reached, so a value was not stored: raise totalKeys or totalBytes of the cluster")]
    public static partial void ShardFull(this ILogger logger, string shard);

    [LoggerMessage(6091, LogLevel.Error, "The audit log lacks {Action} of silo {Silo}, as it could not be written: {Message}")]
    public static partial void ChangeNotRecorded(this ILogger logger, string action, SiloAddress silo, string message);

    [LoggerMessage(6092, LogLevel.Warning, "{Setting} is not set, so whoever {Can} may use {Name} at {Port}")]
    public static partial void PortOpen(this ILogger logger, string setting, string can, string name, EndPoint port);

    [LoggerMessage(6041, LogLevel.Warning, "A call to a shard failed after its retries: {Message}")]
    public static partial void ShardFailed(this ILogger logger, string message);

    [LoggerMessage(6060, LogLevel.Information, "Activated {Count} stored shards to set their reminders again")]
    public static partial void ShardsActivated(this ILogger logger, int count);

    [LoggerMessage(6061, LogLevel.Warning, "After the start {Shards} could not be activated; it is tried again, or the next use sets the reminder")]
    public static partial void ShardsNotActivated(this ILogger logger, string shards, Exception exception);

    [LoggerMessage(6070, LogLevel.Information, "The crawl {Id} begins: {Slices} slices for {Edges} edges, {Rate} datagrams per second")]
    public static partial void CrawlBegun(this ILogger logger, string id, int slices, int edges, int rate);

    [LoggerMessage(6071, LogLevel.Information, "The crawl {Id} continues in another activation")]
    public static partial void CrawlResumed(this ILogger logger, string id);

    [LoggerMessage(6072, LogLevel.Information, "The crawl {Id} ended: {Phase}, {Reachable} nodes, {Unreachable} unreachable")]
    public static partial void CrawlEnded(this ILogger logger, string id, CrawlPhase phase, int reachable, int unreachable);

    [LoggerMessage(6073, LogLevel.Warning, "A round of the crawl {Id} failed, and is tried again: {Message}")]
    public static partial void CrawlInterrupted(this ILogger logger, string id, string message);

    [LoggerMessage(6074, LogLevel.Warning, "Edge {Edge} has been silent for the life of its lease, so another edge gets slice {Slice} of the crawl {Id}")]
    public static partial void SliceLost(this ILogger logger, string id, int slice, string edge);

    [LoggerMessage(6075, LogLevel.Information, "Edge {Edge} did not answer about slice {Slice} of the crawl {Id}: {Message}")]
    public static partial void SliceNotAnswered(this ILogger logger, string id, int slice, string edge, string message);
}

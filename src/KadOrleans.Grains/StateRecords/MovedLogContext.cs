namespace KadOrleans.Grains;

internal static class MovedLogContext
{
    private const string ManifestKey = "kad.shard.manifest";
    private const string ManifestETagKey = "kad.shard.manifest.etag";
    private const string LogKey = "kad.shard.log";

    public static void WriteTo(this MovedLog moved, IDehydrationContext context)
    {
        context.TryAddValue(ManifestKey, ShardManifestState.Of(moved.Manifest));
        context.TryAddValue(ManifestETagKey, moved.ManifestETag ?? string.Empty);
        context.TryAddValue(LogKey, new ShardLogState { Sequence = moved.NextSequence, Entries = moved.Changes });
    }

    public static MovedLog? ReadFrom(IRehydrationContext context) =>
        context.TryGetValue(ManifestKey, out ShardManifestState? manifest) && manifest is not null
        && context.TryGetValue(ManifestETagKey, out string? etag) && etag is not null
        && context.TryGetValue(LogKey, out ShardLogState? log) && log is not null
            ? new MovedLog(manifest.ToRecord(), etag.Length == 0 ? null : etag, log.Sequence, log.Entries)
            : null;
}

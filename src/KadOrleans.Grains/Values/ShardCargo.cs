namespace KadOrleans.Grains.Values;

/// <summary>
/// What a shard that moves takes along: the changes of its log. The next activation reads only the keys of pages and the end of the log.
/// It is as good as the memory of the activation that ended, and as little proof of what storage has.
/// </summary>
/// <param name="Manifest">The manifest that was known last.</param>
/// <param name="ManifestETag">Its ETag. Null if it was never written.</param>
/// <param name="NextSequence">The sequence of the next log record.</param>
/// <param name="Changes">The changes by the log, as <see cref="ShardEntryCodec"/> has them.</param>
internal sealed record ShardCargo(ShardManifestState Manifest, string? ManifestETag, long NextSequence, byte[] Changes)
{
    /// <summary>The most bytes of changes. Shards of a silo that stops move together in one message.</summary>
    public const int MaxBytes = 256 * 1024;

    private const string ManifestKey = "kad.shard.manifest";
    private const string ManifestETagKey = "kad.shard.manifest.etag";
    private const string LogKey = "kad.shard.log";

    /// <summary>Puts it into the context of a migration. Releases that do not know it read storage.</summary>
    public void WriteTo(IDehydrationContext context)
    {
        context.TryAddValue(ManifestKey, Manifest);
        context.TryAddValue(ManifestETagKey, ManifestETag ?? string.Empty);
        context.TryAddValue(LogKey, new ShardLogState { Sequence = NextSequence, Entries = Changes });
    }

    /// <summary>Takes it from there. Null if there is none.</summary>
    public static ShardCargo? ReadFrom(IRehydrationContext context) =>
        context.TryGetValue(ManifestKey, out ShardManifestState? manifest) && manifest is not null
        && context.TryGetValue(ManifestETagKey, out string? etag) && etag is not null
        && context.TryGetValue(LogKey, out ShardLogState? log) && log is not null
            ? new ShardCargo(manifest, etag.Length == 0 ? null : etag, log.Sequence, log.Entries)
            : null;
}

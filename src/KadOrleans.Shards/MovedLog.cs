namespace KadOrleans.Shards;

/// <summary>
/// What a shard that moves takes along: the changes of its log. The next activation reads only the keys of pages and the end of the log.
/// It is as good as the memory of the activation that ended, and as little proof of what storage has.
/// </summary>
/// <param name="Manifest">The manifest that was known last.</param>
/// <param name="ManifestETag">Its ETag. Null if it was never written.</param>
/// <param name="NextSequence">The sequence of the next log record.</param>
/// <param name="Changes">The changes by the log, as <see cref="EntryCodec"/> has them.</param>
internal sealed record MovedLog(Manifest Manifest, string? ManifestETag, long NextSequence, byte[] Changes)
{
    /// <summary>The most bytes of changes. Shards of a silo that stops move together in one message.</summary>
    public const int MaxBytes = 256 * 1024;
}

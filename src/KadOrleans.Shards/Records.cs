using System.Globalization;

namespace KadOrleans.Shards;

/// <summary>Named records of one shard, each with its ETag.</summary>
internal interface IRecordStorage
{
    /// <summary>Reads a record. One that was never written has neither content nor ETag.</summary>
    /// <typeparam name="T">One of <see cref="LogRecord"/>, <see cref="Manifest"/>, <see cref="PageRecord"/> and <see cref="PageKeysRecord"/>.</typeparam>
    /// <exception cref="InvalidOperationException">A newer release wrote it.</exception>
    Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class;

    /// <summary>
    /// Writes records of different names. Each replaces the record with its ETag, or is the first one if the ETag is null. Each has an
    /// outcome of its own, in the order of the writes: its new ETag, or why it failed. So some may be written and others not.
    /// <see cref="StorageConflictException"/>: storage has another record. Other failures: whether the record was written is unknown.
    /// </summary>
    IReadOnlyList<Task<string?>> WriteAsync(IReadOnlyList<RecordWrite> writes);
}

/// <summary>A record to be written, of a type that <see cref="IRecordStorage.ReadAsync"/> names, and the ETag of the one that it replaces.</summary>
internal readonly record struct RecordWrite(string Name, object Content, string? ETag);

/// <summary>A stored record, and the ETag that the next write must name.</summary>
internal readonly record struct StoredRecord<T>(T? Content, string? ETag)
    where T : class;

/// <summary>Storage has another record than the one to be replaced: another activation wrote it.</summary>
internal sealed class StorageConflictException(string message, Exception? innerException = null) : Exception(message, innerException);

internal static class RecordNames
{
    public const string Manifest = "kad-shard-manifest";

    public static string Log(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-log-{slot:d3}");

    public static string Page(int number) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-page-{number:d6}");

    public static string PageKeys(int number) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-keys-{number:d6}");
}

/// <summary>The manifest of a shard's storage: its pages, and where the log after them begins.</summary>
internal sealed record Manifest
{
    /// <summary>The number of compactions begun. Each start changes the ETag, and so ends every other compaction.</summary>
    public long Compaction { get; init; }

    /// <summary>The first log record that is not in the pages.</summary>
    public long FirstSequence { get; init; } = 1;

    /// <summary>Oldest first. A later page overrides earlier ones.</summary>
    public IReadOnlyList<PageReference> Pages { get; init; } = [];

    /// <summary>
    /// The sequence of the seal, if the shard is split and both halves have everything. Then nothing above counts any more, but is still to be
    /// emptied. 0 if it is not split.
    /// </summary>
    public long Seal { get; init; }
}

/// <summary>A page that a manifest names, and the compaction that wrote it.</summary>
internal readonly record struct PageReference(int Number, long Compaction);

/// <summary>A page of values. It never changes while a manifest names it.</summary>
internal sealed record PageRecord
{
    /// <summary>The compaction that wrote it. 0 for an emptied page.</summary>
    public long Compaction { get; init; }

    /// <summary>Changes as <see cref="EntryCodec"/> has them.</summary>
    public byte[] Entries { get; init; } = [];
}

/// <summary>
/// The changes of a page without their contents: what an activation needs of it. Releases without values on storage do not read it.
/// </summary>
internal sealed record PageKeysRecord
{
    /// <summary>The compaction that wrote the page. 0 for an emptied one. If it is not the page's, this record says nothing of the page.</summary>
    public long Compaction { get; init; }

    public int PageBytes { get; init; }

    /// <summary>Changes without contents, as <see cref="EntryCodec"/> has them.</summary>
    public byte[] Entries { get; init; } = [];
}

internal sealed record LogRecord
{
    /// <summary>Its sequence in the log, from 1. A record whose slot's turn comes again is overwritten.</summary>
    public long Sequence { get; init; }

    /// <summary>A random number for each attempt to write, which identifies its record to a later reader.</summary>
    public long Attempt { get; init; }

    /// <summary>Whether the changes are in the pages, and no longer here.</summary>
    public bool IsCompacted { get; init; }

    public byte[] Entries { get; init; } = [];

    /// <summary>Whether it is the last record for ever: the shard is being split. It has no changes.</summary>
    public bool IsSeal { get; init; }
}

internal sealed class Page(int number, long compaction, int bytes)
{
    /// <summary>Pages of this number and above have a record of their keys beside them. No manifest of another release names so many pages.</summary>
    public const int FirstWithKeys = 100_000;

    public int Number => number;

    public long Compaction => compaction;

    public int Bytes => bytes;

    public bool HasKeys => number >= FirstWithKeys;

    public string? ETag { get; set; }

    public string? KeysETag { get; set; }

    public int Entries { get; set; }

    public int Removals { get; set; }

    /// <summary>How many of them have a value that is held.</summary>
    public int Live { get; set; }

    /// <summary>About how many of its bytes nobody needs.</summary>
    public long Garbage => Entries == 0 ? 0 : (long)Bytes * (Entries - Removals - Live) / Entries;
}

internal readonly record struct Entry(NodeId Key, StoredValue? Value);

/// <summary>
/// What a shard that moves takes along: the changes of its log. The next activation reads only the keys of pages and the end of the log.
/// It is as good as the memory of the activation that ended, and as little proof of what storage has.
/// </summary>
internal sealed record MovedLog(Manifest Manifest, string? ManifestETag, long NextSequence, byte[] Changes)
{
    /// <summary>The most bytes of changes. Shards of a silo that stops move together in one message.</summary>
    public const int MaxBytes = 256 * 1024;
}

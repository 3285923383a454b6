using System.Globalization;

namespace KadOrleans.Shards;

internal interface IRecordStorage
{
    // Reads a record. One that was never written has neither content nor ETag. T: one of LogRecord, Manifest, PageRecord,
    // PageKeysRecord and TimesRecord. InvalidOperationException: another build wrote it.
    Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class;

    // Writes records of different names. Each replaces the record with its ETag, or is the first one if the ETag is null. Each
    // has an outcome of its own, in the order of the writes: its new ETag, or why it failed. So some may be written and others
    // not. StorageConflictException: storage has another record. Other failures: whether the record was written is unknown.
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

    public const string Times = "kad-shard-times";

    public static string Log(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-log-{slot:d3}");

    public static string Page(int number) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-page-{number:d6}");

    public static string PageKeys(int number) => string.Create(CultureInfo.InvariantCulture, $"kad-shard-keys-{number:d6}");
}

/// <summary>The manifest of a shard's storage: its pages, and where the log after them begins.</summary>
internal sealed record Manifest
{
    /// <summary>The number of compactions begun. Each start changes the ETag, and so ends every other compaction.</summary>
    public long Compaction { get; init; }

    public long FirstSequence { get; init; } = 1;

    /// <summary>Oldest first. A later page overrides earlier ones.</summary>
    public IReadOnlyList<PageReference> Pages { get; init; } = [];

    // The sequence of the seal, if the shard is split and both halves have everything. Then nothing above counts any more, but is
    // still to be emptied. 0 if it is not split.
    public long Seal { get; init; }

    /// <summary>No version above it was given before <see cref="FirstSequence"/>; records from there on have their own.</summary>
    public long LastVersion { get; init; }

    /// <summary>The owner of the last record before <see cref="FirstSequence"/>.</summary>
    public long Owner { get; init; }
}

internal readonly record struct PageReference(int Number, long Compaction);

/// <summary>A page of values. It never changes while a manifest names it.</summary>
internal sealed record PageRecord
{
    /// <summary>The compaction that wrote it. 0 for an emptied page.</summary>
    public long Compaction { get; init; }

    /// <summary>Changes as <see cref="EntryCodec"/> has them.</summary>
    public byte[] Entries { get; init; } = [];
}

// The changes of a page without their contents: what an activation needs of it.
internal sealed record PageKeysRecord
{
    /// <summary>The compaction that wrote the page. 0 for an emptied one. If it is not the page's, this record says nothing of the page.</summary>
    public long Compaction { get; init; }

    public int PageBytes { get; init; }

    /// <summary>Changes without contents, as <see cref="EntryCodec"/> has them.</summary>
    public byte[] Entries { get; init; } = [];

    /// <summary>Whose items some of them are, as <see cref="OwnerCodec"/> has it: the contents would tell.</summary>
    public byte[] Owners { get; init; } = [];
}

// When values were stored last that came again unchanged: such a STORE writes no log. It is no part of what the shard holds, and may be
// missing or old.
internal sealed record TimesRecord
{
    /// <summary>When it was written, in minutes since the year 1.</summary>
    public long Minutes { get; init; }

    /// <summary>Entries as <see cref="MovedTimes"/> has them.</summary>
    public byte[] Entries { get; init; } = [];
}

internal sealed record LogRecord
{
    /// <summary>Its sequence in the log, from 1. The record 256 later overwrites it.</summary>
    public long Sequence { get; init; }

    /// <summary>A random number for each attempt to write, which identifies its record to a later reader.</summary>
    public long Attempt { get; init; }

    /// <summary>Whether the changes are in the pages, and no longer here.</summary>
    public bool IsCompacted { get; init; }

    public byte[] Entries { get; init; } = [];

    /// <summary>Whether it ends the log: the shard is being split. It has no changes.</summary>
    public bool IsSeal { get; init; }

    /// <summary>The highest version that was given until it was written, also of what was removed.</summary>
    public long LastVersion { get; init; }

    /// <summary>A random number of the activation that wrote it. Before it answers one writes a record, by which it owns the log.</summary>
    public long Owner { get; init; }
}

internal sealed class Page(int number, long compaction, int bytes)
{
    /// <summary>Pages of this number and above have a record of their keys beside them; those below have none.</summary>
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

// What a shard takes along when its activation migrates: the changes of its log. The next activation reads only the keys of pages
// and the end of the log. It is what the ended activation knew, and no proof of what storage has.
internal sealed record MovedLog(Manifest Manifest, string? ManifestETag, long NextSequence, byte[] Changes)
{
    /// <summary>The most bytes of changes. Shards of a silo that stops move together in one message.</summary>
    public const int MaxBytes = 256 * 1024;
}

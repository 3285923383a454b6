using KadOrleans.Grains.Storage;
using KadOrleans.Shards;

namespace KadOrleans.Grains.Values;

/// <summary>The manifest of a shard's storage: its pages, and where the log after them begins.</summary>
[GenerateSerializer]
[Alias("kad.ShardManifestState")]
internal sealed class ShardManifestState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>The number of compactions begun. Each start changes the ETag, and so ends every other compaction.</summary>
    [Id(1)]
    public long Compaction { get; set; }

    /// <summary>The first log record that is not in the pages.</summary>
    [Id(2)]
    public long FirstSequence { get; set; } = 1;

    /// <summary>Oldest first. A later page overrides earlier ones.</summary>
    [Id(3)]
    public List<ShardPageReference> Pages { get; set; } = [];

    /// <summary>
    /// The sequence of the seal, if the shard is split and both halves have everything. Then nothing above counts any more, but is still to be
    /// emptied. 0 if it is not split. Since schema 6.
    /// </summary>
    [Id(4)]
    public long Seal { get; set; }

    /// <summary>The state of a record.</summary>
    public static ShardManifestState Of(Manifest manifest) => new()
    {
        Compaction = manifest.Compaction,
        FirstSequence = manifest.FirstSequence,
        Pages = [.. manifest.Pages.Select(page => new ShardPageReference { Slot = page.Number, Compaction = page.Compaction })],
        Seal = manifest.Seal,
    };

    /// <summary>The record of this state.</summary>
    public Manifest ToRecord() => new()
    {
        Compaction = Compaction,
        FirstSequence = FirstSequence,
        Pages = [.. Pages.Select(page => new PageReference(page.Slot, page.Compaction))],
        Seal = Seal,
    };
}

/// <summary>A page that a manifest names.</summary>
[GenerateSerializer]
[Alias("kad.ShardPageReference")]
internal sealed class ShardPageReference
{
    /// <summary>Which of the page records it is.</summary>
    [Id(0)]
    public int Slot { get; set; }

    /// <summary>The compaction that wrote it, as in the record.</summary>
    [Id(1)]
    public long Compaction { get; set; }
}

/// <summary>A page of values. It never changes while a manifest names it.</summary>
[GenerateSerializer]
[Alias("kad.ShardPageState")]
internal sealed class ShardPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>The compaction that wrote it. 0 for an emptied page.</summary>
    [Id(1)]
    public long Compaction { get; set; }

    /// <summary>Changes as <see cref="EntryCodec"/> has them.</summary>
    [Id(2)]
    public byte[] Entries { get; set; } = [];

    /// <summary>The state of a record.</summary>
    public static ShardPageState Of(PageRecord record) => new() { Compaction = record.Compaction, Entries = record.Entries };

    /// <summary>The record of this state.</summary>
    public PageRecord ToRecord() => new() { Compaction = Compaction, Entries = Entries };
}

/// <summary>
/// The changes of a page without their contents: what an activation needs of it. Releases without values on storage do not read it.
/// </summary>
[GenerateSerializer]
[Alias("kad.ShardPageKeysState")]
internal sealed class ShardPageKeysState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>The compaction that wrote the page. 0 for an emptied one. If it is not the page's, this record says nothing of the page.</summary>
    [Id(1)]
    public long Compaction { get; set; }

    /// <summary>The length of the page's entries.</summary>
    [Id(2)]
    public int PageBytes { get; set; }

    /// <summary>Changes without contents, as <see cref="EntryCodec"/> has them.</summary>
    [Id(3)]
    public byte[] Entries { get; set; } = [];

    /// <summary>The state of a record.</summary>
    public static ShardPageKeysState Of(PageKeysRecord record) => new() { Compaction = record.Compaction, PageBytes = record.PageBytes, Entries = record.Entries };

    /// <summary>The record of this state.</summary>
    public PageKeysRecord ToRecord() => new() { Compaction = Compaction, PageBytes = PageBytes, Entries = Entries };
}

/// <summary>The changes of one group commit.</summary>
[GenerateSerializer]
[Alias("kad.ShardLogState")]
internal sealed class ShardLogState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>Its place in the log, from 1. A record whose turn comes again is overwritten.</summary>
    [Id(1)]
    public long Sequence { get; set; }

    /// <summary>A random number for each attempt to write, which identifies its record to a later reader.</summary>
    [Id(2)]
    public long Attempt { get; set; }

    /// <summary>Whether the changes are in the pages, and no longer here.</summary>
    [Id(3)]
    public bool IsCompacted { get; set; }

    /// <summary>Changes as <see cref="EntryCodec"/> has them.</summary>
    [Id(4)]
    public byte[] Entries { get; set; } = [];

    /// <summary>Whether it is the last record for ever: the shard is being split. It has no changes. Since schema 6.</summary>
    [Id(5)]
    public bool IsSeal { get; set; }

    /// <summary>The state of a record.</summary>
    public static ShardLogState Of(LogRecord record) => new()
    {
        Sequence = record.Sequence,
        Attempt = record.Attempt,
        IsCompacted = record.IsCompacted,
        Entries = record.Entries,
        IsSeal = record.IsSeal,
    };

    /// <summary>The record of this state.</summary>
    public LogRecord ToRecord() => new()
    {
        Sequence = Sequence,
        Attempt = Attempt,
        IsCompacted = IsCompacted,
        Entries = Entries,
        IsSeal = IsSeal,
    };
}

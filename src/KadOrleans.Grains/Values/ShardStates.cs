using KadOrleans.Grains.Storage;

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

    /// <summary>Changes as <see cref="ShardEntryCodec"/> has them.</summary>
    [Id(2)]
    public byte[] Entries { get; set; } = [];
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

    /// <summary>Changes without contents, as <see cref="ShardEntryCodec"/> has them.</summary>
    [Id(3)]
    public byte[] Entries { get; set; } = [];
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

    /// <summary>Changes as <see cref="ShardEntryCodec"/> has them.</summary>
    [Id(4)]
    public byte[] Entries { get; set; } = [];

    /// <summary>Whether it is the last record for ever: the shard is being split. It has no changes. Since schema 6.</summary>
    [Id(5)]
    public bool IsSeal { get; set; }
}

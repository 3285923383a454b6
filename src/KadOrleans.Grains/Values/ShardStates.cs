using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>What a shard's stored values are made of: pages, and the log records behind them.</summary>
[GenerateSerializer]
[Alias("kad.ShardManifestState")]
internal sealed class ShardManifestState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>Counts the compactions that were begun; whoever begins one changes the ETag and so ends every other.</summary>
    [Id(1)]
    public long Compaction { get; set; }

    /// <summary>The first log record that is not in the pages.</summary>
    [Id(2)]
    public long FirstSequence { get; set; } = 1;

    /// <summary>Oldest first; a later page overrides what an earlier one says of a key.</summary>
    [Id(3)]
    public List<ShardPageReference> Pages { get; set; } = [];
}

/// <summary>A page that a manifest names.</summary>
[GenerateSerializer]
[Alias("kad.ShardPageReference")]
internal sealed class ShardPageReference
{
    /// <summary>Which of the page records it is.</summary>
    [Id(0)]
    public int Slot { get; set; }

    /// <summary>The compaction that wrote it, as the record itself says.</summary>
    [Id(1)]
    public long Compaction { get; set; }
}

/// <summary>Many values at once; never changed while a manifest names it.</summary>
[GenerateSerializer]
[Alias("kad.ShardPageState")]
internal sealed class ShardPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>The compaction that wrote it; 0 once the page is given up and empty.</summary>
    [Id(1)]
    public long Compaction { get; set; }

    /// <summary>Changes as <see cref="ShardEntryCodec"/> has them.</summary>
    [Id(2)]
    public byte[] Entries { get; set; } = [];
}

/// <summary>The changes that one group commit made.</summary>
[GenerateSerializer]
[Alias("kad.ShardLogState")]
internal sealed class ShardLogState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>Its place in the log, from 1. A record whose turn comes again is overwritten.</summary>
    [Id(1)]
    public long Sequence { get; set; }

    /// <summary>Drawn for each attempt to write, so a later reader knows whose record this is.</summary>
    [Id(2)]
    public long Attempt { get; set; }

    /// <summary>The changes are in the pages, and no longer here.</summary>
    [Id(3)]
    public bool IsCompacted { get; set; }

    /// <summary>Changes as <see cref="ShardEntryCodec"/> has them.</summary>
    [Id(4)]
    public byte[] Entries { get; set; } = [];
}

using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>What a shard's stored values are made of: pages, and the log records behind them.</summary>
[GenerateSerializer]
[Alias("kad.ShardManifestState")]
internal sealed class ShardManifestState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>Counts the folds that were begun; whoever begins one changes the ETag and so ends every other.</summary>
    [Id(1)]
    public long Fold { get; set; }

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

    /// <summary>The fold that wrote it, as the record itself says.</summary>
    [Id(1)]
    public long Fold { get; set; }
}

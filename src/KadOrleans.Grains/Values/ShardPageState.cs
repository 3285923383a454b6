using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>Many values at once; never changed while a manifest names it.</summary>
[GenerateSerializer]
[Alias("kad.ShardPageState")]
internal sealed class ShardPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    /// <summary>The fold that wrote it; 0 once the page is given up and empty.</summary>
    [Id(1)]
    public long Fold { get; set; }

    /// <summary>Changes as <see cref="ShardEntryCodec"/> has them.</summary>
    [Id(2)]
    public byte[] Entries { get; set; } = [];
}

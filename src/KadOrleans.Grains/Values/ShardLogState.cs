using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

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

    /// <summary>Drawn for each attempt to write, so that whoever asks later knows whose record this is.</summary>
    [Id(2)]
    public long Attempt { get; set; }

    /// <summary>The changes are in the pages, and no longer here.</summary>
    [Id(3)]
    public bool IsFolded { get; set; }

    /// <summary>Changes as <see cref="ShardEntryCodec"/> has them.</summary>
    [Id(4)]
    public byte[] Entries { get; set; } = [];
}

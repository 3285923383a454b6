using KadOrleans.Grains.Storage;
using KadOrleans.Shards;

namespace KadOrleans.Grains.Values;

/// <summary>A <see cref="Manifest"/> as grain storage has it. <see cref="Seal"/> is since schema 6.</summary>
[GenerateSerializer]
[Alias("kad.ShardManifestState")]
internal sealed class ShardManifestState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public long FirstSequence { get; set; } = 1;

    [Id(3)]
    public List<ShardPageReference> Pages { get; set; } = [];

    [Id(4)]
    public long Seal { get; set; }

    public static ShardManifestState Of(Manifest manifest) => new()
    {
        Compaction = manifest.Compaction,
        FirstSequence = manifest.FirstSequence,
        Pages = [.. manifest.Pages.Select(page => new ShardPageReference { Slot = page.Number, Compaction = page.Compaction })],
        Seal = manifest.Seal,
    };

    public Manifest ToRecord() => new()
    {
        Compaction = Compaction,
        FirstSequence = FirstSequence,
        Pages = [.. Pages.Select(page => new PageReference(page.Slot, page.Compaction))],
        Seal = Seal,
    };
}

/// <summary>A <see cref="PageReference"/>, in the same way; its number is called slot.</summary>
[GenerateSerializer]
[Alias("kad.ShardPageReference")]
internal sealed class ShardPageReference
{
    [Id(0)]
    public int Slot { get; set; }

    [Id(1)]
    public long Compaction { get; set; }
}

/// <summary>A <see cref="PageRecord"/>, in the same way.</summary>
[GenerateSerializer]
[Alias("kad.ShardPageState")]
internal sealed class ShardPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public byte[] Entries { get; set; } = [];

    public static ShardPageState Of(PageRecord record) => new() { Compaction = record.Compaction, Entries = record.Entries };

    public PageRecord ToRecord() => new() { Compaction = Compaction, Entries = Entries };
}

/// <summary>A <see cref="PageKeysRecord"/>, in the same way.</summary>
[GenerateSerializer]
[Alias("kad.ShardPageKeysState")]
internal sealed class ShardPageKeysState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public int PageBytes { get; set; }

    [Id(3)]
    public byte[] Entries { get; set; } = [];

    public static ShardPageKeysState Of(PageKeysRecord record) => new() { Compaction = record.Compaction, PageBytes = record.PageBytes, Entries = record.Entries };

    public PageKeysRecord ToRecord() => new() { Compaction = Compaction, PageBytes = PageBytes, Entries = Entries };
}

/// <summary>A <see cref="LogRecord"/>, in the same way. <see cref="IsSeal"/> is since schema 6.</summary>
[GenerateSerializer]
[Alias("kad.ShardLogState")]
internal sealed class ShardLogState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long Sequence { get; set; }

    [Id(2)]
    public long Attempt { get; set; }

    [Id(3)]
    public bool IsCompacted { get; set; }

    [Id(4)]
    public byte[] Entries { get; set; } = [];

    [Id(5)]
    public bool IsSeal { get; set; }

    public static ShardLogState Of(LogRecord record) => new()
    {
        Sequence = record.Sequence, Attempt = record.Attempt, IsCompacted = record.IsCompacted, Entries = record.Entries, IsSeal = record.IsSeal,
    };

    public LogRecord ToRecord() =>
        new() { Sequence = Sequence, Attempt = Attempt, IsCompacted = IsCompacted, Entries = Entries, IsSeal = IsSeal };
}

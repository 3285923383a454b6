namespace KadOrleans.Grains;

/// <summary>The records of a shard as states of its grain, which keep their names and forms.</summary>
internal sealed class ShardRecordStorage(GrainRecordStorage states) : IRecordStorage
{
    public const int MaxRecordBytes = ShardWriter.MaxRecordBytes;

    public async Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class
    {
        object read = typeof(T) == typeof(LogRecord) ? await ReadAsync(name, (ShardLogState state) => state.ToRecord())
            : typeof(T) == typeof(PageRecord) ? await ReadAsync(name, (ShardPageState state) => state.ToRecord())
            : typeof(T) == typeof(PageKeysRecord) ? await ReadAsync(name, (ShardPageKeysState state) => state.ToRecord())
            : typeof(T) == typeof(TimesRecord) ? await ReadAsync(name, (ShardTimesState state) => state.ToRecord())
            : await ReadAsync(name, (ShardManifestState state) => state.ToRecord());
        return (StoredRecord<T>)read;
    }

    // Grain storage takes one state a call, and may put calls that arrive together into one transaction.
    public IReadOnlyList<Task<string?>> WriteAsync(IReadOnlyList<RecordWrite> writes) => [.. writes.Select(WriteAsync)];

    private Task<string?> WriteAsync(RecordWrite write) => write.Content switch
    {
        LogRecord record => states.WriteAsync(write.Name, ShardLogState.Of(record), write.ETag),
        PageRecord record => states.WriteAsync(write.Name, ShardPageState.Of(record), write.ETag),
        PageKeysRecord record => states.WriteAsync(write.Name, ShardPageKeysState.Of(record), write.ETag),
        TimesRecord record => states.WriteAsync(write.Name, ShardTimesState.Of(record), write.ETag),
        Manifest record => states.WriteAsync(write.Name, ShardManifestState.Of(record), write.ETag),
        _ => throw new ArgumentException($"{write.Name} is no record of a shard.", nameof(write)),
    };

    private async Task<StoredRecord<TRecord>> ReadAsync<TState, TRecord>(string name, Func<TState, TRecord> toRecord)
        where TState : class, IVersionedState, new()
        where TRecord : class
    {
        var (state, etag) = await states.ReadAsync<TState>(name);
        return new StoredRecord<TRecord>(state is null ? null : toRecord(state), etag);
    }
}

/// <summary>A <see cref="Manifest"/> as grain storage has it.</summary>
[GenerateSerializer]
[Alias("kad.ShardManifestState")]
internal sealed class ShardManifestState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public long FirstSequence { get; set; } = 1;

    [Id(3)]
    public List<ShardPageReference> Pages { get; set; } = [];

    [Id(4)]
    public long Seal { get; set; }

    [Id(5)]
    public long LastVersion { get; set; }

    [Id(6)]
    public long Owner { get; set; }

    public static ShardManifestState Of(Manifest manifest) => new()
    {
        Compaction = manifest.Compaction,
        FirstSequence = manifest.FirstSequence,
        Pages = [.. manifest.Pages.Select(page => new ShardPageReference(page.Number, page.Compaction))],
        Seal = manifest.Seal,
        LastVersion = manifest.LastVersion,
        Owner = manifest.Owner,
    };

    public Manifest ToRecord() => new()
    {
        Compaction = Compaction,
        FirstSequence = FirstSequence,
        Pages = [.. Pages.Select(page => new PageReference(page.Slot, page.Compaction))],
        Seal = Seal,
        LastVersion = LastVersion,
        Owner = Owner,
    };
}

/// <summary>A <see cref="PageReference"/>, in the same way; its number is called slot.</summary>
[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.ShardPageReference")]
internal sealed record ShardPageReference([property: Id(0)] int Slot, [property: Id(1)] long Compaction);

[GenerateSerializer]
[Alias("kad.ShardPageState")]
internal sealed class ShardPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public byte[] Entries { get; set; } = [];

    public static ShardPageState Of(PageRecord record) => new() { Compaction = record.Compaction, Entries = record.Entries };

    public PageRecord ToRecord() => new() { Compaction = Compaction, Entries = Entries };
}

[GenerateSerializer]
[Alias("kad.ShardPageKeysState")]
internal sealed class ShardPageKeysState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public long Compaction { get; set; }

    [Id(2)]
    public int PageBytes { get; set; }

    [Id(3)]
    public byte[] Entries { get; set; } = [];

    [Id(4)]
    public byte[] Owners { get; set; } = [];

    public static ShardPageKeysState Of(PageKeysRecord record) => new()
    {
        Compaction = record.Compaction,
        PageBytes = record.PageBytes,
        Entries = record.Entries,
        Owners = record.Owners,
    };

    public PageKeysRecord ToRecord() => new() { Compaction = Compaction, PageBytes = PageBytes, Entries = Entries, Owners = Owners };
}

/// <summary>A <see cref="TimesRecord"/>, in the same way.</summary>
[GenerateSerializer]
[Alias("kad.ShardTimesState")]
internal sealed class ShardTimesState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public long Minutes { get; set; }

    [Id(2)]
    public byte[] Entries { get; set; } = [];

    public static ShardTimesState Of(TimesRecord record) => new() { Minutes = record.Minutes, Entries = record.Entries };

    public TimesRecord ToRecord() => new() { Minutes = Minutes, Entries = Entries };
}

/// <summary>A <see cref="LogRecord"/>, in the same way.</summary>
[GenerateSerializer]
[Alias("kad.ShardLogState")]
internal sealed class ShardLogState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

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

    [Id(6)]
    public long LastVersion { get; set; }

    [Id(7)]
    public long Owner { get; set; }

    public static ShardLogState Of(LogRecord record) => new()
    {
        Sequence = record.Sequence,
        Attempt = record.Attempt,
        IsCompacted = record.IsCompacted,
        Entries = record.Entries,
        IsSeal = record.IsSeal,
        LastVersion = record.LastVersion,
        Owner = record.Owner,
    };

    public LogRecord ToRecord() => new()
    {
        Sequence = Sequence,
        Attempt = Attempt,
        IsCompacted = IsCompacted,
        Entries = Entries,
        IsSeal = IsSeal,
        LastVersion = LastVersion,
        Owner = Owner,
    };
}

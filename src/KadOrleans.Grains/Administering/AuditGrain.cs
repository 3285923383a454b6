namespace KadOrleans.Grains;

internal sealed class AuditGrain(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    StateVersion version,
    IOptions<KadClusterOptions> options,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time) : Grain, IAuditGrain
{
    /// <summary>Entries of a page: with the longest texts some 100 kB.</summary>
    private const int PageSize = 50;

    private const int ReadsAtOnce = 16;

    private const int MaxText = 256;

    /// <summary>One page more than the entries need: the newest may be nearly empty.</summary>
    private const int Slots = (IAuditGrain.MaxEntries / PageSize) + 1;

    private readonly AuditPages _pages = new(PageSize, Slots);
    private readonly string?[] _etags = new string?[Slots];
    private GrainRecordStorage _storage = null!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _storage = new GrainRecordStorage(storage, this.GetGrainId(), version, time, options.Value.StorageTimeout);
        foreach (var slots in Enumerable.Range(0, Slots).Chunk(ReadsAtOnce))
        {
            var read = await Task.WhenAll(slots.Select(slot => _storage.ReadAsync<AuditPageState>(StateNames.AuditPage(slot))));
            foreach (var (slot, record) in slots.Zip(read))
            {
                _etags[slot] = record.ETag;
                if (record.Content is { } page)
                {
                    _pages.Set(slot, page);
                }
            }
        }
    }

    public async ValueTask AppendAsync(AuditRecord entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var (slot, page) = _pages.Plan(new AuditEntryState(
            entry.Time, Shorten(entry.Who), Shorten(entry.Action), Shorten(entry.Target), entry.Succeeded, Shorten(entry.Result)));
        var write = _storage.WriteAsync(StateNames.AuditPage(slot), page, _etags[slot]);
        await this.OrEndAsync(write);
        _etags[slot] = await write;
        _pages.Set(slot, page);
    }

    public ValueTask<IReadOnlyList<AuditRecord>> ReadAsync(int count, long? before) => ValueTask.FromResult<IReadOnlyList<AuditRecord>>(
    [
        .. _pages.Read(count, before).Select(read => new AuditRecord(
            read.Number, read.Entry.Time, read.Entry.Who, read.Entry.Action, read.Entry.Target, read.Entry.Succeeded, read.Entry.Result)),
    ]);

    private static string Shorten(string text) => text.Length <= MaxText ? text : text[..MaxText];
}

// The last entries of an audit log, in a ring of pages. An entry's number gives its page, and the newest page replaces the oldest. So
// one write stores an entry, and nothing has to be deleted.
internal sealed class AuditPages(int pageSize, int slots)
{
    private readonly AuditPageState[] _pages = [.. Enumerable.Range(0, slots).Select(_ => new AuditPageState { First = -1 })];
    private long _next;

    public void Set(int slot, AuditPageState page)
    {
        _pages[slot] = page;
        _next = Math.Max(_next, page.First + page.Entries.Count);
    }

    /// <summary>The page to store so that the log has one entry more. <see cref="Set"/> takes it once it is stored.</summary>
    public (int Slot, AuditPageState Page) Plan(AuditEntryState entry)
    {
        var first = _next - (_next % pageSize);
        var slot = (int)(_next / pageSize % slots);
        return (slot, new AuditPageState { First = first, Entries = [.. _pages[slot].First == first ? _pages[slot].Entries : [], entry] });
    }

    /// <summary>The last entries before a number, or of all, newest first, with their numbers.</summary>
    public IReadOnlyList<(long Number, AuditEntryState Entry)> Read(int count, long? before)
    {
        // All but the page that is being filled: as many as the log promises.
        var oldest = _next - ((long)(slots - 1) * pageSize);
        return
        [
            .. _pages.Where(page => page.First >= 0).OrderByDescending(page => page.First)
                .SelectMany(page => page.Entries.Select((entry, i) => (Number: page.First + i, Entry: entry)).Reverse())
                .Where(entry => entry.Number >= oldest && !(entry.Number >= before))
                .Take(count),
        ];
    }
}

[GenerateSerializer]
[Alias("kad.AuditPageState")]
internal sealed class AuditPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Oldest;

    [Id(1)]
    public long First { get; set; }

    /// <summary>In the order of their numbers, without gaps.</summary>
    [Id(2)]
    public List<AuditEntryState> Entries { get; set; } = [];
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.AuditEntryState")]
internal sealed record AuditEntryState(
    [property: Id(0)] DateTimeOffset Time,
    [property: Id(1)] string Who,
    [property: Id(2)] string Action,
    [property: Id(3)] string Target,
    [property: Id(4)] bool Succeeded,
    [property: Id(5)] string Result);

namespace KadOrleans.Grains;

internal sealed class AuditGrain(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    IOptions<KadClusterOptions> options,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time) : Grain, IAuditGrain
{
    /// <summary>Entries of a page: with the longest texts some 100 kB.</summary>
    private const int PageSize = 50;

    private const int ReadsAtOnce = 16;

    private const int MaxText = 256;

    /// <summary>The newest entries among which one that comes again is recognised: a call is repeated for half a minute.</summary>
    private const int Repeatable = 1_000;

    /// <summary>One page more than the entries need: the newest may be nearly empty.</summary>
    private const int Slots = (IAuditGrain.MaxEntries / PageSize) + 1;

    private readonly AuditPages _pages = new(PageSize, Slots);
    private readonly string?[] _etags = new string?[Slots];
    private GrainRecordStorage _storage = null!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _storage = new GrainRecordStorage(storage, this.GetGrainId(), time, options.Value.StorageTimeout);
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
        var added = new AuditEntryState(
            entry.Time, Shorten(entry.Who), Shorten(entry.Action), Shorten(entry.Target), entry.Succeeded, Shorten(entry.Result));
        if (_pages.Read(Repeatable, before: null).Any(read => read.Entry == added))
        {
            // Its caller got no response and calls again. An entry has the caller's time, so two changes have two.
            return;
        }

        var (slot, page) = _pages.Plan(added);
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

using KadOrleans.Grains.Abstractions.Managing;
using KadOrleans.Grains.Hosting;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace KadOrleans.Grains.Managing;

/// <inheritdoc cref="IAuditGrain"/>
internal sealed class AuditGrain : Grain, IAuditGrain
{
    /// <summary>Entries of a page: with the longest texts some 100 kB.</summary>
    private const int PageSize = 50;

    private const int ReadsAtOnce = 16;

    private const int MaxText = 256;

    private readonly GrainRecordStorage _storage;
    private readonly AuditPages _pages = new(PageSize, (IAuditGrain.MaxEntries / PageSize) + 1);
    private readonly string?[] _etags;

    public AuditGrain(
        [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
        StateVersion version,
        IOptions<KadClusterOptions> options,
        [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time)
    {
        _storage = new GrainRecordStorage(storage, this.GetGrainId(), version, time, options.Value.StorageTimeout);
        _etags = new string?[_pages.Slots];
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var slots in Enumerable.Range(0, _pages.Slots).Chunk(ReadsAtOnce))
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
        var (slot, page) = _pages.Plan(new AuditEntryState
        {
            Time = entry.Time,
            Who = Shorten(entry.Who),
            Action = Shorten(entry.Action),
            Target = Shorten(entry.Target),
            Succeeded = entry.Succeeded,
            Result = Shorten(entry.Result),
        });
        try
        {
            _etags[slot] = await _storage.WriteAsync(StateNames.AuditPage(slot), page, _etags[slot]);
            _pages.Set(slot, page);
        }
        catch
        {
            // The outcome of the write is unknown, so the next call reads the pages again.
            DeactivateOnIdle();
            throw;
        }
    }

    public ValueTask<IReadOnlyList<AuditRecord>> ReadAsync(int count, long? before) => ValueTask.FromResult<IReadOnlyList<AuditRecord>>(
    [
        .. _pages.Read(count, before).Select(read => new AuditRecord(
            read.Number, read.Entry.Time, read.Entry.Who, read.Entry.Action, read.Entry.Target, read.Entry.Succeeded, read.Entry.Result)),
    ]);

    private static string Shorten(string text) => text.Length <= MaxText ? text : text[..MaxText];
}

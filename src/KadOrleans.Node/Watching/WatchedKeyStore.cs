using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Watching;

namespace KadOrleans.Node.Watching;

/// <summary>A key store that tells the watches of a key when its value was stored. All else is the store's own.</summary>
internal sealed class WatchedKeyStore(IKeyStore store, KeyWatches watches) : IKeyStore
{
    public string? Problem => store.Problem;

    public IReadOnlyList<NodeId> LostKeys => store.LostKeys;

    public StoreTurnover Turnover => store.Turnover;

    public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
        store.GetAsync(key, now, cancellationToken);

    public bool TryFind(NodeId key, DateTimeOffset now, out StoredValue? value) => store.TryFind(key, now, out value);
    public ValueTask<StoredValue?> FindAsync(NodeId key, DateTimeOffset now) => store.FindAsync(key, now);

    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutKind kind = PutKind.Publication, CancellationToken cancellationToken = default)
    {
        var put = store.PutAsync(key, value, kind, cancellationToken);
        return watches.IsEmpty ? put : TellAsync(key, put);
    }

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
        store.RemoveExpiredAsync(now, cancellationToken);

    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) =>
        store.RemoveAsync(key, cancellationToken);

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(KeyRegion region, CancellationToken cancellationToken = default) =>
        store.ScanAsync(region, cancellationToken);

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        KeyRegion region, Func<KeyLife, bool> isWanted, CancellationToken cancellationToken = default) =>
        store.ScanAsync(region, isWanted, cancellationToken);

    public void SetArea(ResponsibleArea area) => store.SetArea(area);

    public void SetQuota(StoreQuota quota) => store.SetQuota(quota);

    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => store.GetTopChanges(count);

    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) => store.GetUsageAsync(cancellationToken);

    public ValueTask<SourceRanking> GetSourcesAsync(int count, CancellationToken cancellationToken = default) =>
        store.GetSourcesAsync(count, cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private async ValueTask<StoreResult> TellAsync(NodeId key, ValueTask<StoreResult> put)
    {
        var result = await put;
        if (result == StoreResult.Stored)
        {
            watches.Post(key, KeyNotice.Changed);
        }

        return result;
    }
}

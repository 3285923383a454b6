using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>The shared store as one node id sees it: a scan shows what the node may have to hand to newcomers.</summary>
internal sealed class NeighbourhoodKeyStore(GrainKeyStore store, IRoutingTable table) : IKeyStore
{
    private readonly FarMark _mark = new();

    public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
        store.GetAsync(key, now, cancellationToken);

    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutKind kind = PutKind.Publication, CancellationToken cancellationToken = default) =>
        store.PutAsync(key, _mark.Apply(key, value), kind, cancellationToken);

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
        store.RemoveExpiredAsync(now, cancellationToken);

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(CancellationToken cancellationToken = default) =>
        store.ScanAsync(range => HandOffScope.Covers(table.Snapshot, range), cancellationToken);

    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) =>
        store.GetUsageAsync(cancellationToken);

    /// <summary>Nothing: silos count what their shards evict.</summary>
    public StoreTurnover Turnover => default;

    /// <inheritdoc/>
    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

    /// <summary>The area of this node id alone: the shards learn of it with each value.</summary>
    public void SetArea(ResponsibleArea area) => _mark.SetArea(area);

    /// <summary>Leaves the shared store to its owner.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

using System.Runtime.CompilerServices;

namespace KadOrleans.Tests.Node;

/// <summary>A key store whose calls are steps. Scans, which no decision depends on, are none.</summary>
internal sealed class SteppedKeyStore(UpkeepStores stores, StepSchedule schedule) : IKeyStore
{
    private readonly IKeyStore _inner = stores.Keys;

    public StoreTurnover Turnover => _inner.Turnover;

    public async ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default)
    {
        await schedule.StepAsync("get");
        return await stores.AwaitAsync(() => _inner.GetAsync(key, now, cancellationToken).AsTask());
    }

    public async ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutTerms terms = default, CancellationToken cancellationToken = default)
    {
        var name = $"put {value.Value.AsString()} as {terms.Kind}{(terms.Condition is null ? "" : " if unchanged")}";
        return await stores.WriteAsync(schedule, name, () => _inner.PutAsync(key, value, terms, cancellationToken).AsTask());
    }

    public long NextVersion(DateTimeOffset now) => _inner.NextVersion(now);

    public async ValueTask<bool> RemoveIfAsync(NodeId key, long version, CancellationToken cancellationToken = default) =>
        await stores.WriteAsync(schedule, "remove if unchanged", () => _inner.RemoveIfAsync(key, version, cancellationToken).AsTask());

    public async ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) =>
        await stores.WriteAsync(schedule, "remove", () => _inner.RemoveAsync(key, cancellationToken).AsTask());

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => ValueTask.FromResult(0);

    public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        KeyRegion region, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var entry in await stores.AwaitAsync(() => _inner.ScanAsync(region, cancellationToken).ToListAsync(cancellationToken).AsTask()))
        {
            yield return entry;
        }
    }

    public void SetArea(ResponsibleArea area)
    {
        // A key of another run may be far.
    }

    public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

    public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(default(KeyStoreUsage));

    // The store is that of many runs.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A store of publications whose calls are steps, but for scans.</summary>
internal sealed class SteppedPublicationStore(UpkeepStores stores, IPublicationStore inner, StepSchedule schedule) : IPublicationStore
{
    public async ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        await schedule.StepAsync("get publication");
        return await stores.AwaitAsync(() => inner.GetAsync(key, cancellationToken).AsTask());
    }

    public async ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default) =>
        await stores.WriteAsync(
            schedule, $"publish {publication.Value.AsString()}", () => inner.PutAsync(key, publication, cancellationToken).AsTask());

    public async ValueTask<StoreResult> ReplaceAsync(
        NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default) =>
        await stores.WriteAsync(
            schedule,
            $"replace publication {before.Value.AsString()} by {after?.Value.AsString() ?? "none"}",
            () => inner.ReplaceAsync(key, before, after, cancellationToken).AsTask());

    public async ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) =>
        await stores.WriteAsync(schedule, "unpublish", () => inner.RemoveAsync(key, cancellationToken).AsTask());

    public PutCondition? GetCondition(Publication publication) => inner.GetCondition(publication);

    public async IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var entry in await stores.AwaitAsync(() => inner.ScanAsync(cancellationToken).ToListAsync(cancellationToken).AsTask()))
        {
            yield return entry;
        }
    }
}

/// <summary>A transport whose STOREs are steps. All other datagrams go at once.</summary>
internal sealed class SteppedTransport(SimulatedTransport inner, StepSchedule schedule) : IDatagramTransport
{
    public IReadOnlyList<UdpEndpoint> LocalEndpoints => inner.LocalEndpoints;

    public void Start(IDatagramReceiver receiver) => inner.Start(receiver);

    public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
    {
        if (Datagram.TryReadHeader(datagram, out var kind, out _, out var body)
            && kind == DatagramKind.Request
            && Request.TryDecode(body, out var request)
            && request.Kind == RequestKind.Store)
        {
            _ = SendAsync($"STORE {request.AsStore().Value.AsString()}", datagram.ToArray(), destination);
            return true;
        }

        return inner.Send(datagram, destination);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task SendAsync(string name, byte[] datagram, UdpEndpoint destination)
    {
        await schedule.StepAsync(name);
        inner.Send(datagram, destination);
    }
}

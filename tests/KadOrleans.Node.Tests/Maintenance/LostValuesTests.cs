using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.Simulation;

namespace KadOrleans.Node.Tests.Maintenance;

/// <summary>Values that a damaged disk lost come back from the other holders.</summary>
public sealed class LostValuesTests
{
    private const int Values = 30;

    private readonly SimulatedWorld _world = new(seed: 72);

    [Fact]
    public void Keys_that_could_be_read_are_asked_for_once_there_is_a_contact() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(10);
        await SetAllAsync();
        var store = new DamagedStore([.. Enumerable.Range(0, Values).Select(Key)]);
        var options = new KadNodeOptions();
        Without.Walks(options);
        await using var node = new KadNode(options, _world.Network.Bind(), store, new InMemoryNodeStateStore(), _world.Environment);
        await node.StartAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(0, (await store.GetUsageAsync()).Keys);

        // Cut off from hand-off: what arrives was asked for.
        foreach (var other in _world.Nodes)
        {
            await node.PingAsync(other.Transport.Endpoint);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(45));

        for (var i = 0; i < Values; i++)
        {
            var held = await store.GetAsync(Key(i), _world.Clock.GetUtcNow());
            Assert.Equal(DhtValue.FromInteger(i), held?.Value);
            Assert.InRange(held!.LifeLeft(_world.Clock.GetUtcNow()), TimeSpan.FromDays(6.9), TimeSpan.FromDays(7));
        }
    });

    [Fact]
    public void A_node_that_comes_back_without_values_has_them_within_seventy_minutes() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(15);
        await SetAllAsync();
        var node = _world.Nodes[7];
        Assert.Equal(Values, (await node.Store.GetUsageAsync()).Keys);

        // Its contacts know it still: nobody hands values to it.
        await node.StopAsync();
        await node.StartAsync();
        await node.Node.JoinAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(0, (await node.Store.GetUsageAsync()).Keys);

        await _world.PassAsync(TimeSpan.FromMinutes(71));

        Assert.Equal(Values, (await node.Store.GetUsageAsync()).Keys);
    });

    private static NodeId Key(int i) => NodeId.FromKey($"value {i}");

    private async Task SetAllAsync()
    {
        for (var i = 0; i < Values; i++)
        {
            await _world.Nodes[i % _world.Nodes.Count].Node.SetAsync(Key(i), DhtValue.FromInteger(i));
        }
    }

    private sealed class DamagedStore(IReadOnlyList<NodeId> lost) : IKeyStore
    {
        private readonly InMemoryKeyStore _store = new(new StoreQuota());

        public IReadOnlyList<NodeId> LostKeys => lost;

        public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
            _store.GetAsync(key, now, cancellationToken);

        public ValueTask<StoreResult> PutAsync(NodeId key, StoredValue value, CancellationToken cancellationToken = default) =>
            _store.PutAsync(key, value, cancellationToken);

        public ValueTask<StoreResult> PutCopyAsync(NodeId key, StoredValue value, CancellationToken cancellationToken = default) =>
            _store.PutCopyAsync(key, value, cancellationToken);

        public ValueTask<StoreResult> ImportAsync(NodeId key, StoredValue value, CancellationToken cancellationToken = default) =>
            _store.ImportAsync(key, value, cancellationToken);

        public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
            _store.RemoveExpiredAsync(now, cancellationToken);

        public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(CancellationToken cancellationToken = default) =>
            _store.ScanAsync(cancellationToken);

        public StoreTurnover Turnover => _store.Turnover;

        public IReadOnlyList<SourceChanges> GetTopChanges(int count) => _store.GetTopChanges(count);

        public void SetArea(ResponsibleArea area) => _store.SetArea(area);

        public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) => _store.GetUsageAsync(cancellationToken);

        public ValueTask DisposeAsync() => _store.DisposeAsync();
    }
}

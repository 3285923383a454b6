using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.Simulation;
using KadOrleans.Testing.Simulation;
using KadOrleans.Wire;

namespace KadOrleans.Node.Tests.Handlers;

public sealed class StoreAcknowledgementTests
{
    private readonly SimulatedWorld _world = new(seed: 31);
    private readonly GatedStore _store = new();

    [Fact]
    public void A_store_is_acknowledged_only_once_it_is_durable() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync();
        peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request());
        await _world.PassAsync(TimeSpan.FromSeconds(3));
        Assert.Empty(peer.Responses);

        _store.Complete(StoreResult.Stored);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(0xC3, Assert.Single(peer.Responses)[^1]);
        await node.DisposeAsync();
    });

    [Fact]
    public void A_store_that_storage_failed_is_not_answered() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync();
        peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request());

        await _world.PassAsync(TimeSpan.FromSeconds(1));
        _store.Complete(StoreResult.StorageFailed);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Empty(peer.Responses);
        await node.DisposeAsync();
    });

    [Fact]
    public void A_store_that_is_refused_is_answered_with_false() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync();
        peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request());

        await _world.PassAsync(TimeSpan.FromSeconds(1));
        _store.Complete(StoreResult.SourceQuotaExceeded);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(0xC2, Assert.Single(peer.Responses)[^1]);
        await node.DisposeAsync();
    });

    [Fact]
    public void A_stopping_node_acknowledges_what_it_accepted() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync();
        peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), Request());
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        var stopping = node.DisposeAsync();
        _store.Complete(StoreResult.Stored);
        await stopping;
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Single(peer.Responses);
    });

    [Fact]
    public void Sources_are_counted_apart_and_trusted_ones_not_at_all() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(o =>
        {
            o.Quota = new StoreQuota { KeysPerSource = 2 };
            o.Trust.Add("11.0.3.0/24");
        });
        var stranger = _world.AddPeer();
        var another = _world.AddPeer();
        var friend = new RawPeer(_world.Network.Bind(UdpEndpoint.Parse("11.0.3.77:1")), NodeId.Random(_world.Random));

        foreach (var peer in new[] { stranger, another, friend })
        {
            peer.OnRequest = peer.AnswerPings;
            for (var i = 0; i < 3; i++)
            {
                peer.Store(node.Transport.Endpoint, MessageId.Random(_world.Random), Request());
            }
        }

        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal([2, 2, 3], new[] { stranger, another, friend }.Select(p => p.Responses.Count(r => r[^1] == 0xC3)));
        Assert.Equal(7, (await node.Store.GetUsageAsync()).Keys);
    });

    private StoreRequest Request() =>
        new(default, NodeId.Random(_world.Random), DhtValue.FromString("value"));

    private async Task<(KadNode Node, RawPeer Peer)> StartAsync()
    {
        var node = new KadNode(
            new KadNodeOptions(), _world.Network.Bind(), _store, new InMemoryNodeStateStore(), _world.Environment);
        await node.StartAsync();
        var peer = _world.AddPeer();
        peer.OnRequest = peer.AnswerPings;
        return (node, peer);
    }

    /// <summary>A store whose one put completes when the test says so.</summary>
    private sealed class GatedStore : IKeyStore
    {
        private readonly TaskCompletionSource<StoreResult> _put = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Complete(StoreResult result) => _put.SetResult(result);

        public ValueTask<StoredValue?> GetAsync(NodeId key, DateTimeOffset now, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<StoredValue?>(null);

        public ValueTask<StoreResult> PutAsync(
            NodeId key, StoredValue value, PutKind kind = PutKind.Publication, CancellationToken cancellationToken = default) =>
            new(_put.Task);

        public StoreTurnover Turnover => default;

        public IReadOnlyList<SourceChanges> GetTopChanges(int count) => [];

        public void SetArea(ResponsibleArea area)
        {
        }

        public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(0);

        public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
            KeyRegion region, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await ValueTask.CompletedTask;
            yield break;
        }

        public ValueTask<KeyStoreUsage> GetUsageAsync(CancellationToken cancellationToken = default) => default;

        public ValueTask DisposeAsync() => default;
    }
}

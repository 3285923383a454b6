using System.Runtime.InteropServices;

namespace KadOrleans.Tests.Node;

/// <summary>A sweep that is cut off by a kill, or by somebody who sets the clock, goes on where it was.</summary>
public sealed class SweepResumeTests
{
    private const int Values = 240;
    private const int PerSecond = 2;

    private static readonly DhtValue Value = DhtValue.FromString("value");
    private static readonly TimeSpan Interval = new KademliaOptions().RepublishInterval;

    // One in the turns of ten minutes, a look in a minute, and the sweep.
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(13);

    // STOREs of one sending.
    private static readonly TimeSpan Once = TimeSpan.FromSeconds(1);

    private readonly SimulatedWorld _world = new(seed: 46);
    private readonly Dictionary<NodeId, List<TimeSpan>> _sent = [];

    // The holders, nearer to all keys than the node: so none of them is handed what it holds already when it is met again.
    private readonly List<RawPeer> _peers = [];
    private NodeId _region;
    private bool _isOwn;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_node_that_is_killed_in_a_sweep_forgets_nothing_and_sends_twice_only_what_was_under_way(bool onDisk, bool isOwn) => _world.Run(async () =>
    {
        UpkeepStores stores = onDisk ? new SqliteUpkeepStores() : new MemoryUpkeepStores();
        var states = new InMemoryNodeStateStore();
        _isOwn = isOwn;
        var (node, transport) = await StartAsync(stores, states);
        await FillAsync(stores);
        await InSweepAsync();

        // What the file has now is what a kill leaves.
        var left = await stores.CopyAsync();
        transport.IsCutOff = true;
        await node.DisposeAsync();
        await CloseAsync(stores);
        var killedAt = _world.Clock.Elapsed;
        await _world.PassAsync(TimeSpan.FromSeconds(20));
        (node, _) = await StartAsync(left, states, transport.Endpoint);
        await _world.PassAsync(TimeSpan.FromMinutes(30));

        Assert.Equal(Values, _sent.Count);
        var twice = _sent.Values.Where(times => times.Count > 1).ToList();
        Assert.True(twice.Count <= PerSecond * 10, $"{twice.Count} twice, killed at {killedAt}: {string.Join("; ", twice.Take(5).Select(times => string.Join(", ", times)))}");
        Assert.All(twice, times => Assert.InRange(killedAt - times[0], TimeSpan.Zero, TimeSpan.FromSeconds(10)));
        await node.DisposeAsync();
        await CloseAsync(left);
    });

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public void A_clock_that_is_set_by_hours_in_a_sweep_neither_stops_nor_doubles_it(int hours) => _world.Run(async () =>
    {
        var stores = new MemoryUpkeepStores();
        await StartAsync(stores, new InMemoryNodeStateStore());
        await FillAsync(stores);
        await InSweepAsync();
        _world.Clock.SetWallClock(TimeSpan.FromHours(hours));
        await _world.PassAsync(TimeSpan.FromHours(3));
        _world.Clock.SetWallClock(TimeSpan.FromHours(-hours));
        await _world.PassAsync(TimeSpan.FromHours(3));

        Assert.Equal(Values, _sent.Count);
        AssertEach(Interval, Interval + Late);
    });

    [Theory]
    [InlineData(9)]
    [InlineData(-9)]
    public void A_clock_that_is_set_by_hours_while_publications_go_out_neither_stops_nor_doubles_that(int hours) => _world.Run(async () =>
    {
        var stores = new MemoryUpkeepStores();
        _isOwn = true;
        await StartAsync(stores, new InMemoryNodeStateStore());
        await FillAsync(stores);
        await InSweepAsync();
        _world.Clock.SetWallClock(TimeSpan.FromHours(hours));
        await _world.PassAsync(TimeSpan.FromHours(60));

        // An hour early with others of the region. A time that the clock has shown twice counts as the later one.
        Assert.Equal(Values, _sent.Count);
        AssertEach(TimeSpan.FromHours(23) - TimeSpan.FromMinutes(2), TimeSpan.FromHours(24 + Math.Max(0, -hours)) + Late);
    });

    private static Task<bool> CloseAsync(UpkeepStores stores) => stores.AwaitAsync(async () =>
    {
        await stores.DisposeAsync();
        return true;
    });

    private async Task InSweepAsync()
    {
        for (var seconds = 0; _sent.Count < Values / 2; seconds++)
        {
            Assert.InRange(seconds, 0, 15 * 60);
            await _world.PassAsync(TimeSpan.FromSeconds(1));
        }
    }

    private void AssertEach(TimeSpan least, TimeSpan most)
    {
        foreach (var times in _sent.Values)
        {
            Assert.InRange(times.Count, 2, int.MaxValue);
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, least, most));
        }
    }

    private void AddPeer()
    {
        var peer = new RawPeer(_world.Network.Bind(), _region.RandomWithPrefix(8, _world.Random));
        var isFirst = _peers.Count == 0;
        _peers.Add(peer);
        peer.OnRequest = (request, id, answer) =>
        {
            if (isFirst && request.Kind == RequestKind.Store && request.AsStore() is var store && store.SecondsLeft is null == _isOwn)
            {
                ref var times = ref CollectionsMarshal.GetValueRefOrAddDefault(_sent, store.Key, out _);
                times ??= [];
                if (times.Count == 0 || _world.Clock.Elapsed - times[^1] > Once)
                {
                    times.Add(_world.Clock.Elapsed);
                }
            }

            return peer.Naming()(request, id, answer);
        };
    }

    private async Task<(KadNode Node, SimulatedTransport Transport)> StartAsync(
        UpkeepStores stores, INodeStateStore states, UdpEndpoint? endpoint = null)
    {
        var schedule = new StepSchedule(_world.Clock, static _ => 0);
        var transport = endpoint is { } former ? _world.Network.Bind(former) : _world.Network.Bind();
        var node = await _world.StartAsync(
            options =>
            {
                Without.Walks(options);
                options.RepublishRate = PerSecond;
                options.Quota = StoreQuota.Unlimited;
            },
            new SteppedKeyStore(stores, schedule),
            states,
            new SteppedPublicationStore(stores, stores.Publications, schedule),
            transport: transport);
        if (_peers.Count == 0)
        {
            _region = node.Id.WithBit(0, !node.Id.GetBit(0));
            AddPeer();
            AddPeer();
        }

        _peers.ForEach(peer => peer.Ping(transport.Endpoint, _world.Random));
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Subset(node.RoutingTable.Contacts.ToHashSet(), _peers.Select(peer => peer.Contact).ToHashSet());
        return (node, transport);
    }

    // All are due at once, and go out in two minutes.
    private async Task FillAsync(UpkeepStores stores)
    {
        var now = _world.Clock.GetUtcNow();
        for (var i = 0; i < Values; i++)
        {
            var key = _region.RandomWithPrefix(8, _world.Random);
            var held = new StoredValue(Value, now - (_isOwn ? TimeSpan.Zero : 2 * Interval), now + TimeSpan.FromDays(6), SourceNetwork.Trusted) { IsAuthored = true };
            Assert.Equal(StoreResult.Stored, await stores.AwaitAsync(() => stores.Keys.PutAsync(key, held, PutKind.Import).AsTask()));
            if (_isOwn)
            {
                var publication = new Publication(Value, now - TimeSpan.FromHours(25));
                Assert.Equal(StoreResult.Stored, await stores.AwaitAsync(() => stores.Publications.PutAsync(key, publication).AsTask()));
            }
        }
    }
}

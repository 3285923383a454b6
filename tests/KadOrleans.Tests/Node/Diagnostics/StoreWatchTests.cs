namespace KadOrleans.Tests.Node;

public sealed class StoreWatchTests
{
    private const int Reached = 1029;
    private const int NoLongerReached = 1036;

    private readonly SimulatedWorld _world = new(seed: 161);
    private readonly RecordingLog _log = new();

    [Fact]
    public void A_quota_that_is_reached_is_logged_once_and_once_when_it_is_over() => _world.Run(async () =>
    {
        await using var node = await StartAsync(new StoreQuota { KeysPerSource = 2 });
        var peer = _world.AddPeer();
        for (var minute = 0; minute < 5; minute++)
        {
            Store(peer, node, count: 3);
            await _world.PassAsync(TimeSpan.FromSeconds(61));
        }

        Assert.Equal([Reached], Told());
        Assert.Equal(13, node.Engine.Counts["stores.refused.SourceQuotaExceeded"]);

        await _world.PassAsync(TimeSpan.FromMinutes(StoreWatch.QuietChecks + 2));
        Assert.Equal([Reached, NoLongerReached], Told());

        Store(peer, node, count: 1);
        await _world.PassAsync(TimeSpan.FromSeconds(61));
        Assert.Equal([Reached, NoLongerReached, Reached], Told());
    });

    [Fact]
    public void Evictions_are_logged_too_and_are_in_the_status() => _world.Run(async () =>
    {
        await using var node = await StartAsync(new StoreQuota { TotalKeys = 10 });
        Store(_world.AddPeer(), node, count: 10);
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Empty(Told());

        Store(_world.AddPeer(), node, count: 3);
        await _world.PassAsync(TimeSpan.FromSeconds(61));

        Assert.Equal([Reached], Told());
        Assert.Equal(3, (await node.DescribeAsync()).Turnover.Evicted);
    });

    [Fact]
    public void Who_changes_most_values_of_others_is_logged_and_in_the_status() => _world.Run(async () =>
    {
        await using var node = await StartAsync(new StoreQuota { ChangesPerSource = 2 });
        var keys = Enumerable.Range(0, 5).Select(_ => NodeId.Random(_world.Random)).ToList();
        Store(_world.AddPeer(), node, keys, DhtValue.FromBoolean(true));
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        var attacker = _world.AddPeer();
        Store(attacker, node, keys, DhtValue.FromBoolean(false));
        await _world.PassAsync(TimeSpan.FromSeconds(61));

        var status = await node.DescribeAsync();
        Assert.Equal([new SourceChanges(SourceNetwork.Of(attacker.Endpoint), 2)], status.TopChanges);
        Assert.Equal(2, status.Turnover.Changed);
        Assert.Equal(3, status.Counts["stores.refused.ChangeLimitExceeded"]);
        Assert.Equal([1064], _log.Events.Select(e => e.Id).Where(id => id is 1064 or 1066));

        await _world.PassAsync(TimeSpan.FromMinutes(StoreWatch.QuietChecks + 2));
        Assert.Equal([1064, 1066], _log.Events.Select(e => e.Id).Where(id => id is 1064 or 1066));
    });

    [Fact]
    public void The_store_learns_which_keys_are_near_once_contacts_and_the_networks_size_are_known() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(160);
        var started = await _world.StartNodeAsync(options => options.Quota = new StoreQuota { TotalKeys = 10, ReservePercent = 50 });
        var (id, store) = (started.Id, started.Store);
        await started.Node.BootstrapAsync([_world.Nodes[0].Transport.Endpoint.ToString()]);
        for (var i = 0; i < 40; i++)
        {
            await started.Node.FindNodeAsync(NodeId.Random(_world.Random));
        }

        await _world.PassAsync(StoreWatch.Period);

        var results = new List<StoreResult>();
        for (var i = 0; i < 8; i++)
        {
            results.Add(await store.PutAsync(FarFrom(id), Held($"198.51.{i}.1:1")));
        }

        Assert.Equal([5, 3], new[] { StoreResult.Stored, StoreResult.FarQuotaExceeded }.Select(r => results.Count(result => result == r)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(id, Held("198.51.200.1:1")));
    });

    private Task<KadNode> StartAsync(StoreQuota quota) => _world.StartAsync(options => options.Quota = quota, log: _log);

    private NodeId FarFrom(NodeId id)
    {
        var bytes = id.ToByteArray();
        bytes[0] ^= 0x80;
        return new NodeId(bytes).RandomWithPrefix(1, _world.Random);
    }

    private StoredValue Held(string source) => new(
        DhtValue.FromBoolean(true),
        _world.Clock.GetUtcNow(),
        _world.Clock.GetUtcNow() + TimeSpan.FromDays(1),
        SourceNetwork.Of(UdpEndpoint.Parse(source)));

    private IEnumerable<int> Told() => _log.Events.Select(e => e.Id).Where(id => id is Reached or NoLongerReached);

    private void Store(RawPeer peer, KadNode node, int count) =>
        Store(peer, node, Enumerable.Range(0, count).Select(_ => NodeId.Random(_world.Random)), DhtValue.FromBoolean(true));

    private void Store(RawPeer peer, KadNode node, IEnumerable<NodeId> keys, DhtValue value)
    {
        peer.OnRequest = peer.AnswerPings;
        foreach (var key in keys)
        {
            peer.Store(node.LocalEndpoints[0], MessageId.Random(_world.Random), new StoreRequest(peer.Id, key, value));
        }
    }
}

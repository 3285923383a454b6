namespace KadOrleans.Tests.Node;

public sealed class LongAbsenceTests
{
    private const int Nodes = 60;

    private readonly SimulatedWorld _world = new(seed: 73);
    private readonly InMemoryNodeStateStore _states = new();
    private InMemoryKeyStore _store = new(new StoreQuota());

    [Fact]
    public void A_node_that_was_away_for_ten_days_comes_back_with_a_full_and_correct_table_and_no_expired_value() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(Nodes, Without.Walks);
        var transport = _world.Network.Bind();
        var endpoint = transport.Endpoint;
        var node = new KadNode(new KadNodeOptions(), transport, _store, _states, _world.Environment);
        await node.StartAsync();
        await node.BootstrapAsync([$"{_world.Nodes[0].Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(30));
        Assert.InRange(node.RoutingTable.Count, 40, Nodes);
        await HoldAsync("old", TimeSpan.FromDays(7));
        await HoldAsync("lasting", TimeSpan.FromDays(30));
        var disk = await _store.ScanAsync().ToListAsync();
        await node.DisposeAsync();
        Assert.InRange((await _states.LoadAsync())!.Contacts.Count, 40, Nodes);

        await ReplaceAsync(Nodes * 80 / 100);
        _world.Clock.MoveTo(_world.Clock.Elapsed + TimeSpan.FromDays(10));
        _store = new InMemoryKeyStore(new StoreQuota());
        foreach (var (key, value) in disk)
        {
            await _store.PutAsync(key, value);
        }

        await using var back = new KadNode(new KadNodeOptions(), _world.Network.Bind(endpoint), _store, _states, _world.Environment);
        await back.StartAsync();
        Assert.False((await back.GetAsync("old")).Found);
        Assert.True((await back.GetAsync("lasting")).Found);

        await back.JoinAsync();
        Assert.DoesNotContain(back.RoutingTable.Contacts, c => _world.Nodes.All(n => n.Contact != c));
        await _world.PassAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(1, (await _store.GetUsageAsync()).Keys);
        Assert.Empty(await TableTruth.FindFaultsAsync(back, _world.Nodes, bucketSize: 20));
    });

    /// <summary>Puts others in the place of most nodes, by and by, so that the network holds together.</summary>
    private async Task ReplaceAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await _world.Nodes[_world.Random.Next(Nodes - count)].StopAsync();
            await _world.StartNetworkAsync(1, Without.Walks);
        }

        await _world.PassAsync(TimeSpan.FromHours(3));
    }

    private async Task HoldAsync(string key, TimeSpan lifetime)
    {
        var now = _world.Clock.GetUtcNow();
        await _store.PutAsync(NodeId.FromKey(key), new StoredValue(DhtValue.FromString(key), now, now + lifetime, default), PutKind.Publication, CancellationToken.None);
    }
}

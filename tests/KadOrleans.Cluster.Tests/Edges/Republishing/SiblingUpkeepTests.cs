namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>An edge sends the values that any of its cluster's ids is responsible for, and no others, though its own id is far from them.</summary>
public sealed class SiblingUpkeepTests : IDisposable
{
    private readonly SimulatedWorld _world = new(seed: 8);
    private readonly InMemoryKeyStore _store = new(StoreQuota.Unlimited);
    private readonly SiblingIds _siblings;
    private readonly CancellationTokenSource _stopping = new();

    public SiblingUpkeepTests() => _siblings = new SiblingIds(_world.Clock);

    public void Dispose() => _stopping.Dispose();

    [Theory]
    [InlineData(60, 10)]
    [InlineData(60, 4)]
    [InlineData(250, 10)]
    public void A_value_goes_out_if_one_of_the_ids_is_among_the_nearest(int nodes, int minutesKnown) => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(nodes);
        await using var sender = await StartAsync();
        await using var other = await StartAsync();
        _siblings.Follow([sender.Id, other.Id]);
        await _world.PassAsync(TimeSpan.FromMinutes(minutesKnown));
        _siblings.Follow([sender.Id, other.Id]);
        var schedule = new ClusterMaintenanceSchedule(sender.Id);
        var work = new MaintenanceRunner(sender, _store, new InMemoryPublicationStore(0), schedule, _ => Task.CompletedTask, _world.Environment)
            .RunAsync(_stopping.Token);
        var keys = Enumerable.Range(0, 1_000).Select(_ => NodeId.Random(_world.Random)).ToList();
        foreach (var key in keys)
        {
            var at = _world.Clock.GetUtcNow();
            await _store.PutAsync(key, new StoredValue(DhtValue.FromBoolean(true), at.AddHours(-2), at.AddDays(1), default), PutKind.Import);
        }

        foreach (var some in keys.Chunk(RepublishWork.MaxKeys))
        {
            Assert.True(schedule.TryAccept(new RepublishWork(sender.Id, some)));
        }

        await _world.PassAsync(TimeSpan.FromMinutes(3));

        var sent = keys.Where(key => _world.Nodes.Any(node => Holds(node, key))).ToHashSet();
        var responsible = keys.Where(key => Rank(key, sender.Id) < 20 || Rank(key, other.Id) < 20).ToHashSet();
        var ofOther = responsible.Count(key => Rank(key, sender.Id) >= 20);
        Assert.InRange(ofOther, keys.Count * 10 / nodes, keys.Count);
        Assert.InRange(responsible.Except(sent).Count(), 0, responsible.Count / 100);
        Assert.InRange(sent.Except(responsible).Count(), 0, responsible.Count / 100);

        // A shard would offer those of others again, and say that no edge has sent them. But an edge that has just begun may not know all ids.
        var now = _world.Clock.GetUtcNow();
        var due = new HashSet<NodeId>();
        foreach (var key in keys)
        {
            var held = await _store.GetAsync(key, now);
            if (RepublishPolicy.IsDueAtCheck(held!.StoredAt, held.ExpiresAt, now, new KademliaOptions()))
            {
                due.Add(key);
            }
        }

        Assert.Equal(minutesKnown < 10 ? [.. keys.Except(sent)] : [], due);

        _stopping.Cancel();
        await work;

        int Rank(NodeId key, NodeId id) => _world.Nodes.Select(node => node.Id).Append(sender.Id).Append(other.Id)
            .Count(node => node.DistanceTo(key) < id.DistanceTo(key));
    });

    /// <summary>It has them: as from a stranger they would count as stored now, and no edge would send them for an interval.</summary>
    [Fact]
    public void Nothing_is_handed_to_another_edge_that_joins() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(5);
        await using var first = await StartAsync();
        var keys = Enumerable.Range(0, 500).Select(_ => NodeId.Random(_world.Random)).ToList();
        var storedAt = _world.Clock.GetUtcNow().AddHours(-2);
        foreach (var key in keys)
        {
            await _store.PutAsync(key, new StoredValue(DhtValue.FromBoolean(true), storedAt, storedAt.AddDays(1), default), PutKind.Import);
        }

        await using var second = await StartAsync(id => _siblings.Follow([first.Id, id]));
        await _world.StartNetworkAsync(1);
        await _world.PassAsync(TimeSpan.FromMinutes(3));

        Assert.Contains(keys, key => Holds(_world.Nodes[^1], key));
        Assert.Contains(first.RoutingTable.Contacts, contact => contact.Id == second.Id);
        Assert.Equal(0, second.Counts.GetValueOrDefault("received.Store"));
        foreach (var key in keys)
        {
            Assert.Equal(storedAt, (await _store.GetAsync(key, _world.Clock.GetUtcNow()))!.StoredAt);
        }
    });

    /// <summary>It answers that it has them, as the store is its own, too: the network would lack them for an hour, and what was set for a day.</summary>
    [Fact]
    public void What_only_another_edge_took_stays_due() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(15);
        await using var sender = await StartAsync();
        await using var other = await StartAsync(id => _siblings.Follow([sender.Id, id]));
        await sender.FindNodeAsync(other.Id);
        Assert.True(sender.HasGoodContact);
        var schedule = new ClusterMaintenanceSchedule(sender.Id);
        var work = new MaintenanceRunner(sender, _store, new InMemoryPublicationStore(0), schedule, _ => Task.CompletedTask, _world.Environment)
            .RunAsync(_stopping.Token);
        var keys = Enumerable.Range(0, 100).Select(_ => NodeId.Random(_world.Random)).ToList();
        var storedAt = _world.Clock.GetUtcNow().AddHours(-2);
        foreach (var key in keys)
        {
            await _store.PutAsync(key, new StoredValue(DhtValue.FromBoolean(true), storedAt, storedAt.AddDays(1), default), PutKind.Import);
        }

        // The two reach each other alone.
        _world.Network.Cut([sender.LocalEndpoints[0], other.LocalEndpoints[0]], TimeSpan.FromMinutes(10));
        Assert.True(schedule.TryAccept(new RepublishWork(sender.Id, keys)));
        await _world.PassAsync(TimeSpan.FromMinutes(5));

        Assert.All(await CountAsync(), storedNow => Assert.False(storedNow));
        Assert.False(sender.HasGoodContact);
        Assert.Equal((0, true), await SetAsync());

        await _world.PassAsync(TimeSpan.FromMinutes(20));
        Assert.All(await CountAsync(), storedNow => Assert.True(storedNow));
        Assert.True(sender.HasGoodContact);
        Assert.Equal((15, false), await SetAsync());

        _stopping.Cancel();
        await work;

        async Task<List<bool>> CountAsync()
        {
            var moved = new List<bool>();
            foreach (var key in keys)
            {
                moved.Add((await _store.GetAsync(key, _world.Clock.GetUtcNow()))!.StoredAt > storedAt);
            }

            return moved;
        }

        async Task<(int Stored, bool IsCutOff)> SetAsync()
        {
            var result = await sender.SetOnContactsAsync(other.Id, DhtValue.FromBoolean(true));
            return (result.Stored, sender.IsCutOff(result));
        }
    });

    /// <summary>There is nobody else who could take them.</summary>
    [Fact]
    public void Edges_that_are_alone_in_their_network_take_what_they_send_each_other_for_sent() => _world.Run(async () =>
    {
        await using var sender = await StartAsync(null, null);
        await using var other = await StartAsync(id => _siblings.Follow([sender.Id, id]), sender.LocalEndpoints[0]);

        var result = await sender.SetAsync(other.Id, DhtValue.FromBoolean(true));

        Assert.Equal((1, false, true), (result.Stored, sender.IsCutOff(result), sender.HasGoodContact));
    });

    private bool Holds(SimulatedNode node, NodeId key) => node.Store.GetAsync(key, _world.Clock.GetUtcNow()).AsTask().Result is not null;

    private Task<DhtNode> StartAsync(Action<NodeId>? beforeItJoins = null) =>
        StartAsync(beforeItJoins, _world.Nodes[0].Contact.Endpoint);

    private async Task<DhtNode> StartAsync(Action<NodeId>? beforeItJoins, UdpEndpoint? bootstrap)
    {
        var options = new KadNodeOptions();
        var diversity = new SubnetDiversity(new SubnetLimits(), AddressRangeSet.Parse([]));
        var table = new LocalRoutingTable(NodeId.Random(_world.Random), options.Kademlia, diversity, _world.Clock);
        var node = new DhtNode(options, _world.Network.Bind(), table, _store, _world.Environment, siblings: _siblings);
        beforeItJoins?.Invoke(node.Id);
        node.Start();
        if (bootstrap is { } endpoint)
        {
            await node.BootstrapAsync([$"{endpoint}"]);
        }

        for (var i = 0; i < 12; i++)
        {
            await node.FindNodeAsync(NodeId.Random(_world.Random));
        }

        return node;
    }
}

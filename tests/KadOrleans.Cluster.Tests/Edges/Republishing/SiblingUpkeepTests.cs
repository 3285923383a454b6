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
        await using var sender = await StartAsync(_siblings);
        await using var other = await StartAsync(_siblings);
        _siblings.Update([sender.Id, other.Id]);
        await _world.PassAsync(TimeSpan.FromMinutes(minutesKnown));
        _siblings.Update([sender.Id, other.Id]);
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

    /// <summary>Both have the values. If these counted as stored now, no edge would send them for an interval.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_an_edge_that_joins_is_handed_stays_due_and_it_is_handed_nothing_once_it_is_known(bool isKnown) => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(5);
        await using var first = await StartAsync(_siblings);
        var keys = Enumerable.Range(0, 500).Select(_ => NodeId.Random(_world.Random)).ToList();
        var storedAt = _world.Clock.GetUtcNow().AddHours(-2);
        foreach (var key in keys)
        {
            await _store.PutAsync(key, new StoredValue(DhtValue.FromBoolean(true), storedAt, storedAt.AddDays(1), default), PutKind.Import);
        }

        // An edge reads of the others before it joins. They read of it within seconds.
        var siblingsOfSecond = new SiblingIds(_world.Clock);
        await using var second = await StartAsync(siblingsOfSecond, id =>
        {
            siblingsOfSecond.Update([first.Id, id]);
            _siblings.Update(isKnown ? [first.Id, id] : [first.Id]);
        });
        await _world.StartNetworkAsync(1);
        await _world.PassAsync(TimeSpan.FromMinutes(3));

        Assert.Contains(keys, key => Holds(_world.Nodes[^1], key));
        Assert.Contains(first.RoutingTable.Contacts, contact => contact.Id == second.Id);
        Assert.Equal(isKnown, second.Counts.GetValueOrDefault("received.Store") == 0);
        foreach (var key in keys)
        {
            Assert.Equal(storedAt, (await _store.GetAsync(key, _world.Clock.GetUtcNow()))!.StoredAt);
        }
    });

    private bool Holds(SimulatedNode node, NodeId key) => node.Store.GetAsync(key, _world.Clock.GetUtcNow()).AsTask().Result is not null;

    private async Task<DhtNode> StartAsync(SiblingIds siblings, Action<NodeId>? beforeItJoins = null)
    {
        var options = new KadNodeOptions();
        var diversity = new SubnetDiversity(new SubnetLimits(), AddressRangeSet.Parse([]));
        var table = new LocalRoutingTable(NodeId.Random(_world.Random), options.Kademlia, diversity, _world.Clock);
        var node = new DhtNode(options, _world.Network.Bind(), table, _store, _world.Environment, siblings: siblings);
        beforeItJoins?.Invoke(node.Id);
        node.Start();
        await node.BootstrapAsync([$"{_world.Nodes[0].Contact.Endpoint}"]);
        for (var i = 0; i < 12; i++)
        {
            await node.FindNodeAsync(NodeId.Random(_world.Random));
        }

        return node;
    }
}

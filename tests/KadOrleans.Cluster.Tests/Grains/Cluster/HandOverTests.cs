using Orleans.Runtime.Placement;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>A silo stops in good order, and the other one goes on with all that it held.</summary>
public sealed class HandOverTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const int Count = 10;

    [Fact]
    public async Task What_lived_on_a_silo_that_stops_lives_on_at_the_other()
    {
        var reference = cluster.Reference(new TestEdge());
        var lease = await cluster.Directory.LeaseAsync("stays", 2, reference);
        var tables = Enumerable.Range(0, Count).Select(Samples.Key).Select(id => new Observed(cluster.Table(id), id)).ToList();
        var shards = Enumerable.Range(0, Count).ToDictionary(number => cluster.Shard(number), PutsOf);

        // All live on the directory's silo.
        var left = await cluster.FindSiloAsync(cluster.Directory);
        RequestContext.Set(IPlacementDirector.PlacementHintKey, left!);
        foreach (var table in tables)
        {
            await table.Table.SubscribeAsync(lease.Epoch, reference);
        }

        foreach (var (shard, puts) in shards)
        {
            Assert.All(await shard.PutAsync(puts), result => Assert.Equal(StoreResult.Stored, result));
        }

        RequestContext.Clear();
        await AssertOnAsync(left!, [.. shards.Keys, .. tables.Select(table => table.Table)]);
        await using var load = new Load(Enumerable.Range(0, Count), (i, stop) => tables[i].ObserveAsync(lease.Epoch, stop));
        await cluster.UntilAsync(() => tables.All(table => table.Added.Count >= 10));
        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(left)));

        // Nobody has asked for the shards.
        var staying = cluster.Cluster.Silos.Single().SiloAddress;
        await AssertOnAsync(staying, shards.Keys);
        await load.StopAsync();
        foreach (var table in tables)
        {
            var snapshot = await table.Table.GetSnapshotAsync();
            Assert.Empty(table.Added.Except(snapshot.Contacts));
            Assert.True(snapshot.Version >= table.Version);
            Assert.False((await table.Table.ObserveAsync(lease.Epoch, [])).IsFenced);
        }

        await AssertOnAsync(staying, tables.Select(table => table.Table));
        foreach (var (shard, puts) in shards)
        {
            Assert.Equal(puts.Select(put => put.Value), await shard.GetAsync([.. puts.Select(put => put.Key)]));
        }

        await AssertLeaseStaysAsync(lease, reference, tables[0]);
    }

    private async Task AssertLeaseStaysAsync(EdgeLease lease, IEdgeObserver reference, Observed moved)
    {
        var report = new EdgeReport { Endpoints = [UdpEndpoint.Parse("127.0.0.1:1"), UdpEndpoint.Parse("127.0.0.1:2")] };
        Assert.True(await cluster.Directory.RenewAsync("stays", lease.Epoch, reference, report));
        var live = Assert.Single(await cluster.Directory.GetLiveAsync());
        Assert.Equal((lease.Epoch, reference), (live.Epoch, live.Observer));
        Assert.Equal(lease.NodeIds, live.NodeIds);

        // It goes on to be served by the table that moved, and to be asked by the facade.
        var snapshot = await moved.Table.SubscribeAsync(lease.Epoch, reference);
        Assert.True((await moved.Table.ObserveAsync(lease.Epoch, [moved.Last()])).Version > snapshot.Version);
        Assert.Equal(3, (await cluster.Dht.SetAsync(NodeId.FromKey("behind"), DhtValue.FromInteger(1))).Stored);
    }

    private async Task AssertOnAsync(SiloAddress silo, IEnumerable<IAddressable> grains)
    {
        foreach (var grain in grains)
        {
            Assert.Equal(silo, await cluster.FindSiloAsync(grain));
        }
    }

    private List<ShardPut> PutsOf(int shard)
    {
        var keys = Samples.KeysOf(shard, ClusterFixture.ShardBits).Take(20);
        return [.. keys.Select((key, i) => new ShardPut(key, cluster.Text($"{shard}/{i}")))];
    }

    /// <summary>A table and what it said that it took in.</summary>
    private sealed class Observed(IRoutingTableGrain table, NodeId id)
    {
        private const int LastBit = NodeId.BitLength - 1;

        private int _next;

        public IRoutingTableGrain Table => table;

        public List<Contact> Added { get; } = [];

        public long Version { get; private set; }

        /// <summary>Somebody who was not observed before, however many were.</summary>
        public ContactObservation Last() => At(LastBit);

        /// <summary>Observes until told to stop. What got no answer may be lost, and is not counted.</summary>
        public async Task ObserveAsync(long epoch, CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    var answer = await table.ObserveAsync(epoch, [At(_next++ % LastBit)]);
                    Assert.False(answer.IsFenced);
                    Added.AddRange(answer.Added);
                    Version = answer.Version;
                }
                catch (Exception e) when (e is OrleansException or TimeoutException)
                {
                    // It did not get through to the silo that leaves, or was lost with it.
                }
            }
        }

        // The table has room for it whatever it holds: each is in a bucket of its own.
        private ContactObservation At(int bit) => ContactObservation.Answered(
            new Contact(id.WithBit(bit, !id.GetBit(bit)), UdpEndpoint.FromIPv4(0x7F000001, (ushort)(1000 + bit))));
    }
}

using Orleans.Runtime.Placement;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>A silo stops in good order, and the other one goes on with all that it held.</summary>
public sealed class HandOverTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const int Tables = 12;
    private const int Shards = 12;

    private readonly TestEdge _edge = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_lived_on_a_silo_that_stops_lives_on_at_the_other()
    {
        var reference = cluster.Reference(_edge);
        var lease = await cluster.Directory.LeaseAsync("stays", 2, reference);

        // The silo of the directory stops; half of the tables and shards live there too.
        var (one, other) = (cluster.Cluster.Silos[0], cluster.Cluster.Silos[1]);
        var (leaving, staying) = await IsOnAsync(one.SiloAddress, cluster.Directory) ? (one, other) : (other, one);
        var tables = Enumerable.Range(0, Tables).Select(number => new Observed(cluster, Samples.Key(number))).ToList();
        var shards = Enumerable.Range(0, Shards).ToDictionary(number => (long)number, PutsOf);
        await ActivateAsync(leaving, tables.Take(Tables / 2), shards.Take(Shards / 2), lease, reference);
        await ActivateAsync(staying, tables.Skip(Tables / 2), shards.Skip(Shards / 2), lease, reference);
        var moving = await WhereAsync(tables, table => IsOnAsync(leaving.SiloAddress, table.Table));
        Assert.NotEmpty(moving);
        Assert.NotEmpty(await WhereAsync(shards.Keys, shard => IsOnAsync(leaving.SiloAddress, cluster.Shard(shard))));
        await using var load = new Load(Enumerable.Range(0, moving.Count), (number, stop) => moving[number].ObserveAsync(lease.Epoch, stop));
        await cluster.UntilAsync(() => Task.FromResult(moving.All(table => table.Added.Count >= 10)));
        await cluster.Cluster.StopSiloAsync(leaving, Token);

        // Nobody has asked for them.
        Assert.Equal(shards.Count, (await WhereAsync(shards.Keys, shard => IsOnAsync(staying.SiloAddress, cluster.Shard(shard)))).Count);
        await load.StopAsync();

        foreach (var table in moving)
        {
            var snapshot = await table.Table.GetSnapshotAsync();
            Assert.Empty(table.Added.Except(snapshot.Contacts));
            Assert.True(snapshot.Version >= table.Version);
            Assert.False(await IsOnAsync(leaving.SiloAddress, table.Table));
            Assert.False((await table.Table.ObserveAsync(lease.Epoch, [])).IsFenced);
        }

        await AssertHeldAsync(shards);
        await AssertLeaseStaysAsync(lease, reference, moving[0]);
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
        Assert.Equal(3, (await cluster.Dht.SetAsync(NodeId.FromKey("behind"), DhtValue.FromInteger(1), Token)).Stored);
    }

    private List<ShardPut> PutsOf(int shard) =>
        [.. Samples.KeysOf(shard, ClusterFixture.ShardBits).Take(20).Select((key, i) => new ShardPut(key, cluster.Text($"{shard}/{i}")))];

    /// <summary>Gives tables and shards something to hold, on a silo of choice.</summary>
    private async Task ActivateAsync(
        InProcessSiloHandle silo,
        IEnumerable<Observed> tables,
        IEnumerable<KeyValuePair<long, List<ShardPut>>> shards,
        EdgeLease lease,
        IEdgeObserver reference)
    {
        // Holds for the calls made here: the context of an async method ends with it.
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo.SiloAddress);
        foreach (var table in tables)
        {
            await table.Table.SubscribeAsync(lease.Epoch, reference);
        }

        foreach (var (shard, puts) in shards)
        {
            Assert.All(await cluster.Shard(shard).PutAsync(puts), result => Assert.Equal(StoreResult.Stored, result));
        }
    }

    private async Task AssertHeldAsync(Dictionary<long, List<ShardPut>> shards)
    {
        foreach (var (shard, puts) in shards)
        {
            var values = await cluster.Shard(shard).GetAsync([.. puts.Select(put => put.Key)]);
            Assert.Equal(puts.Select(put => put.Value), values);
        }
    }

    private async Task<bool> IsOnAsync(SiloAddress silo, IAddressable grain) =>
        silo.Equals(await cluster.FindSiloAsync(grain));

    private static async Task<List<T>> WhereAsync<T>(IEnumerable<T> items, Func<T, Task<bool>> isSo)
    {
        var found = new List<T>();
        foreach (var item in items)
        {
            if (await isSo(item))
            {
                found.Add(item);
            }
        }

        return found;
    }

    /// <summary>A table and what it said that it took in.</summary>
    private sealed class Observed(ClusterFixture cluster, NodeId id)
    {
        private const int LastBit = NodeId.BitLength - 1;

        private int _next;

        public NodeId Id => id;

        public IRoutingTableGrain Table => cluster.Table(id);

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
                    var answer = await Table.ObserveAsync(epoch, [At(_next++ % LastBit)]);
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

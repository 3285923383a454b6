using Orleans.Runtime.Placement;

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class HandOverTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const int Count = 10;

    [Fact]
    public async Task What_lived_on_a_silo_that_stops_lives_on_at_the_other()
    {
        var reference = cluster.Reference(new TestEdge());
        var lease = await cluster.Directory.LeaseAsync("stays", 1, reference);
        var contact = new Contact(Samples.Key(99), UdpEndpoint.Parse("127.0.0.1:99"));
        var tables = Enumerable.Range(0, Count).Select(number => cluster.Table(Samples.Key(number))).ToList();
        var shards = Enumerable.Range(0, Count).ToDictionary(number => cluster.Shard(number), PutsOf);
        var versions = new List<long>();

        // All live on the directory's silo, and the tables are not saved before that stops.
        var left = await cluster.FindSiloAsync(cluster.Directory);
        RequestContext.Set(IPlacementDirector.PlacementHintKey, left!);
        foreach (var table in tables)
        {
            await table.SubscribeAsync(lease.Epoch, reference);
            versions.Add((await table.ObserveAsync(lease.Epoch, [ContactObservation.Answered(contact)])).Version);
        }

        foreach (var (shard, puts) in shards)
        {
            Assert.All(await shard.PutAsync(puts), result => Assert.Equal(StoreResult.Stored, result));
        }

        RequestContext.Clear();
        await AssertOnAsync(left!, [.. shards.Keys, .. tables]);
        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(left)));

        // Nobody has asked for the shards.
        var staying = cluster.Cluster.Silos.Single().SiloAddress;
        await AssertOnAsync(staying, shards.Keys);
        foreach (var (table, version) in tables.Zip(versions))
        {
            var snapshot = await table.GetSnapshotAsync();
            Assert.Equal([contact], snapshot.Contacts);
            Assert.True(snapshot.Version >= version);
            Assert.False((await table.ObserveAsync(lease.Epoch, [])).IsFenced);
        }

        foreach (var (shard, puts) in shards)
        {
            Assert.Equal(puts.Select(put => put.Value), await shard.GetAsync([.. puts.Select(put => put.Key)]));
        }

        Assert.Equal(LeaseRenewal.Renewed, await cluster.Directory.RenewAsync("stays", lease.Epoch, reference, new EdgeReport()));
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
}

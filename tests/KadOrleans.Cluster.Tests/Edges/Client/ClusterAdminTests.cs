using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.Edges;

[Collection(Clients.Name)]
public sealed class ClusterAdminTests(SixteenShardCluster cluster) : DhtAdminContract, IAsyncLifetime
{
    private const string EdgeName = "admin-tests";

    private readonly FakeEdge _edge = new();
    private long _epoch;

    private IDht Dht { get; } = cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>();

    private IDhtAdmin Admin { get; } = cluster.Cluster.GetSiloServiceProvider().GetRequiredService<IDhtAdmin>();

    private IEdgeDirectoryGrain Directory => cluster.Grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);

    public async ValueTask InitializeAsync()
    {
        await cluster.ClearAsync(StoreQuota.Unlimited);

        // The facade forgets the edges of the test before.
        cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        var lease = await Directory.LeaseAsync(EdgeName, 1, cluster.Grains.CreateObjectReference<IEdgeObserver>(_edge));
        (_epoch, _edge.Id) = (lease.Epoch, lease.NodeIds[0]);
    }

    public async ValueTask DisposeAsync()
    {
        cluster.Gate.Open();
        await FollowAsync();
        await Directory.ReleaseAsync(EdgeName, _epoch);
        GC.KeepAlive(_edge);
    }

    protected override Task RunAsync(Func<IDht, IDhtAdmin, Task> test) => test(Dht, Admin);

    protected override Task FollowAsync() => Task.WhenAll(cluster.Cluster.Silos.Select(
        silo => cluster.Cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<ClusterLimits>().FetchAsync().AsTask()));

    [Fact]
    public async Task The_usage_of_a_cluster_is_told_by_shard()
    {
        await Dht.SetAsync(NodeId.MaxValue, "value", TestContext.Current.CancellationToken);

        var usage = await Admin.GetUsageAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 16).Select(shard => (long)shard), usage.Shards.Select(shard => shard.Shard));
        Assert.Equal((1, 1), (usage.Keys, usage.Shards[15].Keys));
    }

    [Fact]
    public async Task The_silos_and_the_place_of_a_shard_are_told()
    {
        await Dht.SetAsync(NodeId.MaxValue, "value", TestContext.Current.CancellationToken);

        var silos = await Admin.GetSilosAsync(TestContext.Current.CancellationToken);

        Assert.Equal(cluster.Cluster.Silos.Count, silos.Count);
        Assert.All(silos, silo => Assert.Equal(("Active", true, null), (silo.State, silo.IsReady, silo.Reason)));
        Assert.Single(silos, silo => silo.HasEdgeDirectory);
        var shard = await Admin.FindShardAsync(NodeId.MaxValue, TestContext.Current.CancellationToken);
        Assert.Equal((15, "shard 000f"), (shard.Number, shard.Name));
        Assert.Contains(Assert.Single(shard.Silos), silos.Select(silo => silo.Address));
        Assert.Equal(shard.Silos, (await Admin.GetShardAsync(15, TestContext.Current.CancellationToken)).Silos);
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => Admin.GetShardAsync(16, TestContext.Current.CancellationToken));
        Assert.Equal("The shard is 16; 0 to 15 is allowed.", refused.Message);
    }

    [Fact]
    public async Task Sources_are_exact_although_shards_do_not_list_them_all()
    {
        // A shard lists 1,024 by keys; 1,500 networks have two keys each there, and one has one key in each shard.
        var token = TestContext.Current.CancellationToken;
        var wide = SourceNetwork.Of(UdpEndpoint.Parse("198.51.100.1:1"));
        var now = cluster.Clock.GetUtcNow();
        foreach (var (shard, networks) in new[] { (0L, 0), (3L, 1_500), (15L, 10) })
        {
            var puts = new List<ShardPut> { Put(shard, 0, wide) };
            for (var i = 0; i < networks; i++)
            {
                var network = SourceNetwork.Of(UdpEndpoint.FromIPv4(0xCB00_0000 + (uint)i, 1));
                puts.AddRange([Put(shard, (2 * i) + 1, network), Put(shard, (2 * i) + 2, network)]);
            }

            foreach (var some in puts.Chunk(1_000))
            {
                Assert.All(await cluster.Grains.GetGrain<IKeyShardGrain>(shard).PutAsync(some), result => Assert.Equal(StoreResult.Stored, result));
            }
        }

        var sources = await Admin.GetSourcesAsync(11, token);

        var ranking = sources.Ranking;
        Assert.Equal(((2 * 1_510) + 3, 0), (ranking.Keys, sources.Missing.Count));
        Assert.Equal(4, ranking.Sources[0].Keys);
        Assert.Equal(10, ranking.Sources.Count(one => one.Keys == 4));
        Assert.Equal(wide, ranking.Sources.Single(one => one.Keys == 3).Source);
        Assert.Equal(4, ranking.MostOtherKeys);

        ShardPut Put(long shard, int number, SourceNetwork source) =>
            new(NodeId.Parse($"{shard:x}{number:x39}"), new StoredValue("value", now, now.AddDays(1), source));
    }

    [Fact]
    public async Task A_shard_that_does_not_count_its_sources_is_missing()
    {
        await Dht.SetAsync(NodeId.MaxValue, "value", TestContext.Current.CancellationToken);
        cluster.Gate.Set<IKeyShardGrain>("GetSourcesAsync", () => throw new InvalidOperationException("broken"));

        var sources = await Admin.GetSourcesAsync(1, TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 16).Select(shard => (long)shard), sources.Missing);
        Assert.Equal((0, 0), (sources.Ranking.Keys, sources.Ranking.Sources.Count));
    }

    [Fact]
    public async Task Without_a_live_edge_a_key_is_described_as_the_cluster_holds_it()
    {
        await Dht.SetAsync("key", "value", TestContext.Current.CancellationToken);
        await Directory.ReleaseAsync(EdgeName, _epoch);
        cluster.Clock.Advance(TimeSpan.FromMinutes(1));

        var details = await Admin.DescribeKeyAsync(NodeId.FromKey("key"), TestContext.Current.CancellationToken);

        Assert.Equal("value", details.Held?.Value.AsString());
        Assert.Empty(details.Nearest);
        Assert.StartsWith("No live edge", details.NetworkProblem, StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => Admin.GetTableAsync(null, TestContext.Current.CancellationToken));
        Assert.Equal("No node id is given; the cluster has no live edge.", failure.Message);
    }

    [Fact]
    public async Task A_shard_that_fails_is_named()
    {
        cluster.Gate.Set<IKeyShardGrain>("ScanAsync", () => throw new InvalidOperationException("broken"));

        var failure = await Assert.ThrowsAsync<DhtUnavailableException>(
            () => Admin.ScanAsync("f", null, 1, TestContext.Current.CancellationToken));

        Assert.Equal("The cluster's shard 000f does not answer: broken", failure.Message);
    }
}

namespace KadOrleans.Cluster.Tests.Edges;

[Collection(SixteenShards.Name)]
public sealed class ClusterAdminTests(SixteenShardCluster cluster) : DhtAdminContract, IAsyncLifetime
{
    private readonly FakeEdge _edge = new();

    private IDht Dht { get; } = cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>();

    private IDhtAdmin Admin { get; } = cluster.Service<IDhtAdmin>();

    public async ValueTask InitializeAsync() => await _edge.BeginAsync(cluster);

    public async ValueTask DisposeAsync()
    {
        await _edge.EndAsync(cluster);
        await FollowAsync();
    }

    protected override Task RunAsync(Func<IDht, IDhtAdmin, Task> test) => test(Dht, Admin);

    protected override Task FollowAsync() =>
        Task.WhenAll(cluster.Services<ClusterLimits>().Select(limits => limits.FetchAsync().AsTask()));

    [Fact]
    public async Task The_usage_of_a_cluster_is_told_by_shard()
    {
        await Dht.SetAsync(NodeId.MaxValue, "value");

        var usage = await Admin.GetUsageAsync();

        Assert.Equal(Enumerable.Range(0, 16).Select(shard => (long)shard), usage.Shards.Select(shard => shard.Shard));
        Assert.Equal((1, 1), (usage.Keys, usage.Shards[15].Keys));
    }

    [Fact]
    public async Task What_edges_report_of_their_sweeps_is_told_and_of_one_that_does_not_it_is_unknown()
    {
        var sweep = new SweepProgress
        {
            At = cluster.Clock.GetUtcNow(),
            BegunAt = cluster.Clock.GetUtcNow(),
            Values = 9,
            Waiting = 4,
            Republished = 3,
            Published = 2,
            Regions = 2,
            Overdue = TimeSpan.FromMinutes(16),
            OverdueLimit = TimeSpan.FromMinutes(15),
        };
        var reference = cluster.Reference(_edge);
        var lease = await cluster.Directory.LeaseAsync("tells", 1, reference);
        await cluster.Directory.RenewAsync("tells", lease.Epoch, reference, new EdgeReport { Sweep = sweep });
        try
        {
            var edges = (await Admin.GetEdgesAsync()).ToDictionary(edge => edge.Name, edge => edge.Sweep);
            Assert.Equal((sweep, null), (edges["tells"], edges[FakeEdge.Name]));
            var nodes = (await Dht.GetStatusAsync()).Nodes.ToDictionary(node => node.Name, node => node.Sweep);
            Assert.Equal((sweep, null), (nodes["tells"], nodes[FakeEdge.Name]));
        }
        finally
        {
            await cluster.Directory.ReleaseAsync("tells", lease.Epoch);
        }
    }

    [Fact]
    public async Task An_edge_that_is_silent_for_two_minutes_is_lost_and_one_that_stopped_or_is_drained_is_not()
    {
        var reference = cluster.Reference(_edge);
        await cluster.Directory.LeaseAsync("killed", 1, reference);
        await cluster.Directory.LeaseAsync("not needed", 1, reference);
        await Admin.ChangeEdgeAsync("not needed", EdgeAction.Drain);
        var stopped = await cluster.Directory.LeaseAsync("stopped", 1, reference);
        await cluster.Directory.ReleaseAsync("stopped", stopped.Epoch);
        string[] names = ["killed", "not needed", "stopped"];
        try
        {
            cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
            Assert.Equal(
                [EdgeLeaseState.Silent, EdgeLeaseState.Drained, EdgeLeaseState.Released], (await EdgesAsync()).Select(edge => edge.State));
            Assert.Empty(await LostAsync());

            cluster.Clock.Advance(TimeSpan.FromSeconds(90));
            Assert.Equal(["killed"], await LostAsync());
            await cluster.Directory.LeaseAsync("killed", 1, reference);
            Assert.Empty(await LostAsync());
        }
        finally
        {
            cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
            foreach (var name in names)
            {
                await Admin.ChangeEdgeAsync(name, EdgeAction.Forget);
            }
        }

        async Task<IEnumerable<EdgeDetails>> EdgesAsync() => (await Admin.GetEdgesAsync()).Where(edge => names.Contains(edge.Name));

        async Task<IEnumerable<string>> LostAsync() =>
            (await EdgesAsync()).Where(edge => edge.IsLostAt(cluster.Clock.GetUtcNow())).Select(edge => edge.Name);
    }

    [Fact]
    public async Task Sources_are_exact_although_shards_do_not_list_them_all()
    {
        // A shard lists 1,024 by keys; 1,500 networks have two keys each there, and one has one key in each shard.
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
                Assert.All(await cluster.Shard(shard).PutAsync(some), result => Assert.Equal(StoreResult.Stored, result));
            }
        }

        var sources = await Admin.GetSourcesAsync(11);

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
        await Dht.SetAsync(NodeId.MaxValue, "value");
        cluster.Gate.Set<IKeyShardGrain>("GetSourcesAsync", () => throw new InvalidOperationException("broken"));

        var sources = await Admin.GetSourcesAsync(1);

        Assert.Equal(Enumerable.Range(0, 16).Select(shard => (long)shard), sources.Missing);
        Assert.Equal((0, 0), (sources.Ranking.Keys, sources.Ranking.Sources.Count));
    }

    [Fact]
    public async Task Without_a_live_edge_a_key_is_described_as_the_cluster_holds_it()
    {
        await Dht.SetAsync("key", "value");
        await _edge.LeaveAsync(cluster);

        var details = await Admin.DescribeKeyAsync(NodeId.FromKey("key"));

        Assert.Equal("value", details.Held?.Value.AsString());
        Assert.Empty(details.Nearest);
        Assert.StartsWith("No live edge", details.NetworkProblem, StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => Admin.GetTableAsync(null));
        Assert.Equal("No node id is given; the cluster has no live edge.", failure.Message);
    }

    [Fact]
    public async Task A_shard_that_fails_is_named_without_the_stack_of_its_storage()
    {
        cluster.Gate.Set<IKeyShardGrain>("ScanAsync", () => throw new InvalidOperationException("broken\n \nExc level 0: its stack"));

        var failure = await Assert.ThrowsAsync<DhtUnavailableException>(() => Admin.ScanAsync("f", null, 1));

        Assert.Equal("The cluster's shard 15 does not answer: broken", failure.Message);
    }
}

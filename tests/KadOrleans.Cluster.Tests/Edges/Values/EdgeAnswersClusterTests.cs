namespace KadOrleans.Cluster.Tests.Edges;

[Collection(SixteenShards.Name)]
public sealed class EdgeAnswersClusterTests(SixteenShardCluster cluster) : EdgeStoreSuite(cluster)
{
    [Fact]
    public async Task A_thousand_gets_of_one_key_at_once_are_one_request()
    {
        var store = Create();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.Gate.Set<IKeyShardGrain>("GetAsync", () => held.Task);
        var gets = Enumerable.Range(0, 1_000).Select(_ => store.GetAsync(StoredValues.Key(1), StoredValues.Now).AsTask()).ToList();
        held.SetResult();

        Assert.All(await Task.WhenAll(gets), Assert.Null);
        Assert.Equal(1, store.Totals()["shards.get.keys"]);
    }

    [Fact]
    public async Task While_news_arrive_a_change_of_another_edge_is_found_with_them()
    {
        var (one, other) = (Create(), Create());
        var key = StoredValues.Key(1);
        await other.PutAsync(key, StoredValues.Text("before"));
        await HearOfAllAsync(one);
        Assert.Equal("before", (await one.GetAsync(key, StoredValues.Now))?.Value.AsString());

        await other.PutAsync(key, StoredValues.Text("after"));
        await ReadAsync(one);
        Assert.Equal("after", (await one.GetAsync(key, StoredValues.Now))?.Value.AsString());

        await Cluster.Shard(GrainKeys.Shard(key, Cluster.ShardBits)).RemoveAsync([key]);
        await ReadAsync(one);
        Assert.Null(await one.GetAsync(key, StoredValues.Now));
    }

    /// <summary>As the edge then says that it has the value that another edge sent: whoever asks for it next gets it.</summary>
    [Theory]
    [InlineData("before")]
    [InlineData(null)]
    public async Task What_a_shard_is_read_to_hold_now_is_found_from_then_on(string? before)
    {
        var (one, other) = (Create(), Create());
        var key = StoredValues.Key(1);
        await other.PutAsync(before is null ? StoredValues.Key(2) : key, StoredValues.Text("before"));
        await HearOfAllAsync(one);
        Assert.Equal(before, (await one.GetAsync(key, StoredValues.Now))?.Value.AsString());
        await other.PutAsync(key, StoredValues.Text("after"));
        Assert.Equal(before, (await one.GetAsync(key, StoredValues.Now))?.Value.AsString());

        Assert.Equal("after", (await one.ForNode().GetCurrentAsync(key, StoredValues.Now))?.Value.AsString());

        Assert.Equal("after", (await one.FindAsync(key, StoredValues.Now))?.Value.AsString());
        Assert.Equal("after", (await one.GetAsync(key, StoredValues.Now))?.Value.AsString());
    }

    [Fact]
    public async Task With_news_puts_go_to_the_silo_that_has_their_shard()
    {
        var store = Create();
        await HearOfAllAsync(store);
        var places = new Dictionary<long, SiloAddress>();
        for (var shard = 0L; shard < 1 << Cluster.ShardBits; shard++)
        {
            places[shard] = (await Cluster.Shard(shard).GetNewsAsync(new ShardPoint(shard, 0, 0)))!.Silo!;
        }

        Assert.Equal(2, places.Values.Distinct().Count());
        var (near, far) = (0, 0);
        Cluster.Gate.Arrived = call =>
        {
            if (call.Grain is ShardDesk && call.Request.GetArgument(0) is IReadOnlyList<ShardPut> puts)
            {
                var silo = call.TargetContext.Address.SiloAddress!;
                var right = puts.Count(put => places[GrainKeys.Shard(put.Key, Cluster.ShardBits)].Equals(silo));
                Interlocked.Add(ref near, right);
                Interlocked.Add(ref far, puts.Count - right);
            }
        };

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => store.PutAsync(StoredValues.Key(i), StoredValues.Sized(i)).AsTask()));
        Assert.Equal((100, 0), (near, far));
    }

    [Fact]
    public async Task Filters_beyond_the_bound_are_not_kept()
    {
        var store = Create(maxFilterBytes: 100);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Null(await store.GetAsync(StoredValues.Key(i), StoredValues.Now));
            }

            await ReadAsync(store);
            await ReadAsync(store);
        }

        Assert.Equal(0, store.Totals()["shards.get.absent"]);
    }
}

using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>Edges that answer by themselves, before real shards. The edges' clock moves when the test moves it.</summary>
[Collection(SixteenShards.Name)]
public sealed class EdgeAnswersClusterTests(SixteenShardCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    private readonly ManualTimeProvider _clock = new();

    public ValueTask InitializeAsync() => new(cluster.ClearAsync(StoreQuota.Unlimited));

    public ValueTask DisposeAsync()
    {
        cluster.Gate.Open();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_hundred_thousand_misses_reach_the_shards_as_few_gets()
    {
        await using var store = Create();
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(i), StoredValues.Sized(1)));
        }

        await HearOfAllAsync(store);
        var (asked, calls) = (store.Totals()["shards.get.keys"], Calls());
        var random = new SeededRandomSource(1);
        for (var i = 0; i < 100_000; i++)
        {
            var found = store.GetAsync(NodeId.Random(random), StoredValues.Now);
            Assert.Null(await found);
        }

        Assert.InRange(store.Totals()["shards.get.keys"] - asked, 0, 1_000);
        Assert.InRange(Calls() - calls, 0, 2_000);
        for (var i = 0; i < 200; i++)
        {
            Assert.NotNull(await store.GetAsync(StoredValues.Key(i), StoredValues.Now));
        }
    }

    [Fact]
    public async Task A_hot_key_is_asked_for_once_and_answered_at_once()
    {
        await using var store = Create();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("hot"));
        await HearOfAllAsync(store);
        var calls = Calls();

        // Twelve seconds, and more than sixteen thousand gets in each.
        var waited = 0;
        for (var read = 0; read < 40; read++)
        {
            await ReadAsync(store);
            for (var i = 0; i < 5_000; i++)
            {
                var found = store.GetAsync(StoredValues.Key(1), StoredValues.Now);
                waited += found.IsCompletedSuccessfully ? 0 : 1;
                Assert.NotNull(await found);
            }
        }

        // One at first; more only if a silo was late.
        Assert.InRange(waited, 0, 40);
        Assert.InRange(Calls() - calls, 1, 80);
    }

    [Fact]
    public async Task A_thousand_gets_of_one_key_at_once_are_one_request()
    {
        await using var store = Create();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Gate.Set<IKeyShardGrain>("GetAsync", () => held.Task);
        var gets = Enumerable.Range(0, 1_000).Select(_ => store.GetAsync(StoredValues.Key(1), StoredValues.Now).AsTask()).ToList();
        held.SetResult();

        Assert.All(await Task.WhenAll(gets), Assert.Null);
        Assert.Equal(1, store.Totals()["shards.get.keys"]);
    }

    [Fact]
    public async Task What_this_edge_put_it_finds_at_once()
    {
        await using var store = Create();
        await HearOfAllAsync(store);
        for (var i = 0; i < 100; i++)
        {
            Assert.Null(await store.GetAsync(StoredValues.Key(i), StoredValues.Now));
            for (var j = 0; j < 3; j++)
            {
                await store.PutAsync(StoredValues.Key(i), StoredValues.Sized(j));
                Assert.Equal(j, (await store.GetAsync(StoredValues.Key(i), StoredValues.Now))?.Value.ContentLength);
            }
        }
    }

    [Fact]
    public async Task What_another_edge_wrote_this_one_finds_after_the_bound_at_the_latest()
    {
        await using var one = Create();
        await using var other = Create();
        await HearOfAllAsync(one);
        for (var i = 0; i < 20; i++)
        {
            // New, replaced, and replaced again: both a miss and a value would be outdated.
            var key = StoredValues.Key(i % 10);
            await one.GetAsync(key, StoredValues.Now);
            await other.PutAsync(key, StoredValues.Sized(i));
            Advance(Bound);
            Assert.Equal(i, (await one.GetAsync(key, StoredValues.Now))?.Value.ContentLength);
        }
    }

    [Fact]
    public async Task While_news_arrive_a_change_of_another_edge_is_found_with_them()
    {
        await using var one = Create();
        await using var other = Create();
        var key = StoredValues.Key(1);
        await other.PutAsync(key, StoredValues.Text("before"));
        await HearOfAllAsync(one);
        Assert.Equal("before", (await one.GetAsync(key, StoredValues.Now))?.Value.AsString());

        await other.PutAsync(key, StoredValues.Text("after"));
        await ReadAsync(one);
        Assert.Equal("after", (await one.GetAsync(key, StoredValues.Now))?.Value.AsString());

        await cluster.Grains.GetGrain<IKeyShardGrain>(GrainKeys.Shard(key, cluster.ShardBits)).RemoveAsync([key]);
        await ReadAsync(one);
        Assert.Null(await one.GetAsync(key, StoredValues.Now));
    }

    [Fact]
    public async Task With_news_puts_go_to_the_silo_that_has_their_shard()
    {
        await using var store = Create();
        await HearOfAllAsync(store);
        var places = new Dictionary<long, SiloAddress>();
        for (var shard = 0L; shard < 1 << cluster.ShardBits; shard++)
        {
            places[shard] = (await cluster.Grains.GetGrain<IKeyShardGrain>(shard).GetNewsAsync(new ShardPoint(shard, 0, 0)))!.Silo!;
        }

        Assert.Equal(2, places.Values.Distinct().Count());
        var (near, far) = (0, 0);
        cluster.Gate.Arrived = call =>
        {
            if (call.Grain is ShardDesk && call.Request.GetArgument(0) is IReadOnlyList<ShardPut> puts)
            {
                var silo = call.TargetContext.Address.SiloAddress!;
                var right = puts.Count(put => places[GrainKeys.Shard(put.Key, cluster.ShardBits)].Equals(silo));
                Interlocked.Add(ref near, right);
                Interlocked.Add(ref far, puts.Count - right);
            }
        };

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => store.PutAsync(StoredValues.Key(i), StoredValues.Sized(i)).AsTask()));
        Assert.Equal((100, 0), (near, far));
    }

    [Fact]
    public async Task Without_news_it_asks_the_shard_as_it_did_before()
    {
        await using var store = Create();
        await HearOfAllAsync(store);
        cluster.Gate.Set<IShardBatchGrain>("GetNewsAsync", () => throw new SiloUnavailableException("Away."));
        Advance(Bound);
        var asked = store.Totals()["shards.get.keys"];
        for (var i = 0; i < 50; i++)
        {
            Assert.Null(await store.GetAsync(StoredValues.Key(i), StoredValues.Now));
        }

        Assert.Equal(50, store.Totals()["shards.get.keys"] - asked);
    }

    [Fact]
    public async Task A_shard_that_starts_anew_is_believed_anew()
    {
        await using var one = Create();
        await using var other = Create();
        await HearOfAllAsync(one);
        for (var i = 0; i < 30; i++)
        {
            await other.PutAsync(StoredValues.Key(i), StoredValues.Sized(i));
        }

        await cluster.RestartShardsAsync(StoreQuota.Unlimited);
        Advance(Bound);
        await HearOfAllAsync(one);
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(i, (await one.GetAsync(StoredValues.Key(i), StoredValues.Now))?.Value.ContentLength);
        }
    }

    [Fact]
    public async Task A_value_that_expires_is_found_no_more()
    {
        await using var store = Create();
        await store.PutAsync(StoredValues.Key(1), StoredValues.ExpiringAt(StoredValues.Now + Bound));
        await HearOfAllAsync(store);
        Assert.NotNull(await store.GetAsync(StoredValues.Key(1), StoredValues.Now));

        Assert.Null(await store.GetAsync(StoredValues.Key(1), StoredValues.Now + Bound));
    }

    [Fact]
    public async Task Filters_beyond_the_bound_are_not_kept()
    {
        await using var store = Create(new GrainKeyStoreOptions { MaxStaleness = Bound, MaxFilterBytes = 100 });
        for (var i = 0; i < 20; i++)
        {
            Assert.Null(await store.GetAsync(StoredValues.Key(i), StoredValues.Now));
        }

        await ReadAsync(store);
        await ReadAsync(store);
        for (var i = 0; i < 20; i++)
        {
            Assert.Null(await store.GetAsync(StoredValues.Key(i), StoredValues.Now));
        }

        Assert.Equal(0, store.Totals()["shards.get.absent"]);
    }

    private int Calls() => cluster.Gate.Count<IShardDesk>("GetAsync") + cluster.Gate.Count<IKeyShardGrain>("GetAsync");

    /// <summary>Has a store read the news, and the silos ask the shards for them.</summary>
    private Task ReadAsync(GrainKeyStore store)
    {
        Advance(SiloNews.MinAge);
        return store.ReadNewsAsync();
    }

    /// <summary>Time passes for silos and edges. The time of day stays.</summary>
    private void Advance(TimeSpan by)
    {
        cluster.Clock.Advance(by);
        cluster.Clock.Set(StoredValues.Now);
        _clock.Advance(by);
    }

    /// <summary>Waits until a miss of each shard is answered without a call.</summary>
    private async Task HearOfAllAsync(GrainKeyStore store)
    {
        var random = new SeededRandomSource(7);
        NodeId[] keys = [.. Enumerable.Range(0, 300).Select(_ => NodeId.Random(random))];
        Assert.Equal(1 << cluster.ShardBits, keys.Select(key => GrainKeys.Shard(key, cluster.ShardBits)).Distinct().Count());
        await Eventually.BecomesAsync(
            async () =>
            {
                var absent = store.Totals()["shards.get.absent"];
                foreach (var key in keys)
                {
                    await store.GetAsync(key, StoredValues.Now);
                }

                if (store.Totals()["shards.get.absent"] - absent > keys.Length * 9 / 10)
                {
                    return true;
                }

                await ReadAsync(store);
                return false;
            },
            () => "misses that no filter answered");
    }

    private GrainKeyStore Create(GrainKeyStoreOptions? options = null) => new(
        cluster.Grains,
        ShardLayout.Of(cluster.ShardBits),
        _clock,
        NullLogger<GrainKeyStore>.Instance,
        (options ?? new GrainKeyStoreOptions { MaxStaleness = Bound }) with { HedgeAfter = TimeSpan.FromHours(1) });
}

namespace KadOrleans.Cluster.Tests.Edges;

public sealed class DoubledShardsTests : IAsyncLifetime
{
    private const int Bits = 3;
    private const int Keys = 300;

    private static readonly ShardLayout Before = ShardLayout.Of(Bits);
    private static readonly ShardLayout After = Before with { Bits = Bits + 1 };

    private readonly EightShardCluster _cluster = new();

    public async ValueTask InitializeAsync()
    {
        await _cluster.InitializeAsync();

        // Each silo hears of the schema's rise 15 s later.
        _cluster.Clock.Advance(TimeSpan.FromSeconds(15));
        await _cluster.ClearAsync(StoreQuota.Unlimited);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_store_finds_all_keys_before_while_and_after_it_calls_more_shards()
    {
        await using var store = _cluster.OpenStore(new() { MaxStaleness = TimeSpan.FromSeconds(30), UsageMaxAge = TimeSpan.Zero });
        await PutAsync(store, 0);
        await AssertHeldAsync(store, Keys);
        for (var number = 0; number < Before.Count; number++)
        {
            var shard = _cluster.Shard(Before.ShardAt(number));
            await Eventually.BecomesAsync(() => IsSplitAsync(shard), () => "a silo that knows the schema");
        }

        await PutAsync(store, Keys);
        await AssertHeldAsync(store, 2 * Keys);

        var puts = PutAsync(store, 2 * Keys);
        await store.UseAsync(After);
        await store.UseAsync(Before);
        await puts;

        Assert.Equal(After, store.Layout);
        await AssertHeldAsync(store, 3 * Keys);
        Assert.Equal(3 * Keys, (await store.GetUsageAsync()).Keys);
        Assert.Equal(3 * Keys, await store.ScanAsync(KeyRegion.Everywhere).CountAsync());

        // The news of the new shards arrive, and what they say is right.
        var absent = store.Totals()["shards.get.absent"];
        await Eventually.BecomesAsync(
            async () =>
            {
                await store.ReadNewsAsync();
                Assert.Null(await store.GetAsync(StoredValues.Key(-1), StoredValues.Now));
                return store.Totals()["shards.get.absent"] > absent;
            },
            () => "a miss that no filter answered");
        await AssertHeldAsync(store, 3 * Keys);
        Assert.True(await store.UnpublishAsync(StoredValues.Key(0), default) is false);
    }

    private static async Task<bool> IsSplitAsync(IKeyShardGrain shard)
    {
        try
        {
            await shard.SplitAsync();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static Task PutAsync(GrainKeyStore store, int first) => Task.WhenAll(Enumerable.Range(first, Keys).Select(async i =>
    {
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(i), StoredValues.Sized(1)));

        // What it put it finds at once, whatever it knew of the key.
        Assert.NotNull(await store.GetAsync(StoredValues.Key(i), StoredValues.Now));
    }));

    private static async Task AssertHeldAsync(GrainKeyStore store, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.NotNull(await store.GetAsync(StoredValues.Key(i), StoredValues.Now));
        }
    }

    private sealed class EightShardCluster() : TestCluster(Bits);
}

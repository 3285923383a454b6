namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>What an edge answers remote nodes while the silos of its shards do not respond.</summary>
[Collection(SixteenShards.Name)]
public sealed class ShardOutageTests(SixteenShardCluster cluster) : EdgeStoreSuite(cluster)
{
    private static readonly TimeSpan ReadsEvery = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan FindTimeout = TimeSpan.FromSeconds(0.8);

    [Fact]
    public async Task A_silent_shards_keys_are_answered_by_what_is_known_until_the_bound()
    {
        var store = await CreateHeardAsync("held");
        var absent = await FindAbsentAsync(store);

        BeSilent();
        for (var passed = TimeSpan.Zero; passed + ReadsEvery < OutageBound; passed += ReadsEvery)
        {
            await PassAsync(store);
            var known = store.FindAsync(StoredValues.Key(1), StoredValues.Now);
            Assert.True(known.IsCompletedSuccessfully, $"After {passed} the value waits for its shard.");
            Assert.Equal("held", (await known)?.Value.AsString());
            var missing = store.FindAsync(absent, StoredValues.Now);
            Assert.True(missing.IsCompletedSuccessfully, $"After {passed} a key that is not held waits for its shard.");
            Assert.Null(await missing);
        }

        Assert.InRange(store.Totals()["shards.get.outage"], 80, 120);
        await NothingIsFoundAsync(store, StoredValues.Key(2));
        await PassAsync(store);
        await NothingIsFoundAsync(store, StoredValues.Key(1));
    }

    [Fact]
    public async Task Without_news_the_first_late_get_tells_that_a_shard_is_silent()
    {
        var store = await CreateHeardAsync("held");

        // As after a pause of the edge: nobody has asked the shard meanwhile.
        BeSilent();
        Advance(TimeSpan.FromSeconds(10));
        var first = store.FindAsync(StoredValues.Key(1), StoredValues.Now).AsTask();
        Assert.False(first.IsCompleted);
        EdgesClock.Advance(FindTimeout);
        Assert.Equal("held", (await first)?.Value.AsString());
        Assert.True(store.FindAsync(StoredValues.Key(1), StoredValues.Now).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_put_to_a_silent_shard_is_not_acknowledged_and_what_it_replaces_is_answered_no_more()
    {
        var store = await CreateHeardAsync("before");

        BeSilent();
        var put = store.PutAsync(StoredValues.Key(1), StoredValues.Text("after")).AsTask();
        await Eventually.IsTrueAsync(() =>
        {
            Advance(ReadsEvery);
            return put.IsCompleted;
        });
        Assert.Equal(StoreResult.StorageFailed, await put);

        // The shard may have stored it.
        await NothingIsFoundAsync(store, StoredValues.Key(1));
    }

    /// <summary>A store that has heard of all shards and has found key 1, and not asked for key 2.</summary>
    private async Task<GrainKeyStore> CreateHeardAsync(string value)
    {
        var store = Create();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text(value));
        await store.PutAsync(StoredValues.Key(2), StoredValues.Text(value));
        await HearOfAllAsync(store);
        Assert.Equal(value, (await store.FindAsync(StoredValues.Key(1), StoredValues.Now))?.Value.AsString());
        return store;
    }

    private Task PassAsync(GrainKeyStore store)
    {
        Advance(ReadsEvery);
        return store.ReadNewsAsync();
    }

    private async Task NothingIsFoundAsync(GrainKeyStore store, NodeId key)
    {
        var find = store.FindAsync(key, StoredValues.Now);
        Assert.False(find.IsCompleted);
        EdgesClock.Advance(FindTimeout);
        await Assert.ThrowsAsync<KeyStoreException>(async () => await find);
    }

    private static async Task<NodeId> FindAbsentAsync(GrainKeyStore store)
    {
        // A filter lets some keys through that are not held.
        for (var i = 1_000; ; i++)
        {
            var absent = store.Totals()["shards.get.absent"];
            Assert.Null(await store.FindAsync(StoredValues.Key(i), StoredValues.Now));
            if (store.Totals()["shards.get.absent"] > absent)
            {
                return StoredValues.Key(i);
            }
        }
    }
}

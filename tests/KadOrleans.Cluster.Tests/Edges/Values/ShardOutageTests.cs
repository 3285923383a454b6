using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>
/// What an edge answers remote nodes while the silos of its shards do not respond. The edge's clock moves when the test moves it.
/// </summary>
[Collection(SixteenShards.Name)]
public sealed class ShardOutageTests(SixteenShardCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OutageBound = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadsEvery = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan FindTimeout = TimeSpan.FromSeconds(0.8);

    private readonly ManualTimeProvider _clock = new();
    private readonly List<GrainKeyStore> _stores = [];
    private readonly TaskCompletionSource _silence = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask InitializeAsync() => new(cluster.ClearAsync(StoreQuota.Unlimited));

    public async ValueTask DisposeAsync()
    {
        // First, as stores wait for their calls, and their clock stands still.
        BeWell();
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_silent_shards_keys_are_answered_by_what_is_known_until_the_bound()
    {
        var store = Create();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("held"));
        await store.PutAsync(StoredValues.Key(2), StoredValues.Text("held and not asked for"));
        await HearOfAllAsync(store);
        Assert.Equal("held", (await store.FindAsync(StoredValues.Key(1), StoredValues.Now))?.Value.AsString());
        var absent = await FindAbsentAsync(store);

        BeSilent();
        for (var passed = TimeSpan.Zero; passed + ReadsEvery < OutageBound; passed += ReadsEvery)
        {
            Advance(ReadsEvery);
            await store.ReadNewsAsync();
            var known = store.FindAsync(StoredValues.Key(1), StoredValues.Now);
            Assert.True(known.IsCompletedSuccessfully, $"After {passed} the value waits for its shard.");
            Assert.Equal("held", (await known)?.Value.AsString());
            var missing = store.FindAsync(absent, StoredValues.Now);
            Assert.True(missing.IsCompletedSuccessfully, $"After {passed} a key that is not held waits for its shard.");
            Assert.Null(await missing);
        }

        Assert.InRange(store.Totals()["shards.get.outage"], 80, 120);
        await NothingIsFoundAsync(store, StoredValues.Key(2));
        Advance(ReadsEvery);
        await store.ReadNewsAsync();
        await NothingIsFoundAsync(store, StoredValues.Key(1));
    }

    [Fact]
    public async Task Without_news_the_first_late_get_tells_that_a_shard_is_silent()
    {
        var store = Create();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("held"));
        await HearOfAllAsync(store);
        Assert.NotNull(await store.FindAsync(StoredValues.Key(1), StoredValues.Now));

        // As after a pause of the edge: nobody has asked the shard meanwhile.
        BeSilent();
        Advance(TimeSpan.FromSeconds(10));
        var first = store.FindAsync(StoredValues.Key(1), StoredValues.Now).AsTask();
        Assert.False(first.IsCompleted);
        _clock.Advance(FindTimeout);
        Assert.Equal("held", (await first)?.Value.AsString());
        Assert.True(store.FindAsync(StoredValues.Key(1), StoredValues.Now).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_get_that_is_not_of_a_remote_node_waits_for_its_shard()
    {
        var store = Create();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("held"));
        await HearOfAllAsync(store);
        Assert.NotNull(await store.GetAsync(StoredValues.Key(1), StoredValues.Now));

        BeSilent();
        Advance(Bound);
        await store.ReadNewsAsync();
        var get = store.GetAsync(StoredValues.Key(1), StoredValues.Now).AsTask();
        Assert.NotNull(await store.FindAsync(StoredValues.Key(1), StoredValues.Now));
        Assert.False(get.IsCompleted);
        BeWell();
        Assert.NotNull(await get);
    }

    [Fact]
    public async Task What_another_edge_stored_is_found_once_the_shard_responds_or_the_bound_is_over()
    {
        var store = Create();
        var other = Create();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("before"));
        await HearOfAllAsync(store);
        Assert.NotNull(await store.FindAsync(StoredValues.Key(1), StoredValues.Now));

        // No silo gives news, though the shards respond.
        cluster.Gate.Set<IShardBatchGrain>("GetNewsAsync", () => throw new SiloUnavailableException("Away."));
        await store.ReadNewsAsync();
        await other.PutAsync(StoredValues.Key(1), StoredValues.Text("after"));
        Advance(OutageBound - ReadsEvery);
        await store.ReadNewsAsync();
        Assert.Equal("before", (await store.FindAsync(StoredValues.Key(1), StoredValues.Now))?.Value.AsString());

        Advance(ReadsEvery);
        await store.ReadNewsAsync();
        Assert.Equal("after", (await store.FindAsync(StoredValues.Key(1), StoredValues.Now))?.Value.AsString());
    }

    [Fact]
    public async Task A_put_to_a_silent_shard_is_not_acknowledged_and_what_it_replaces_is_answered_no_more()
    {
        var store = Create();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("before"));
        await HearOfAllAsync(store);
        Assert.NotNull(await store.FindAsync(StoredValues.Key(1), StoredValues.Now));

        BeSilent();
        var put = store.PutAsync(StoredValues.Key(1), StoredValues.Text("after")).AsTask();
        await Eventually.BecomesAsync(() => Passed(put), () => put.Status);
        Assert.Equal(StoreResult.StorageFailed, await put);

        // The shard may have stored it.
        await NothingIsFoundAsync(store, StoredValues.Key(1));
    }

    private void BeSilent()
    {
        foreach (var method in (string[])["GetAsync", "PutAsync"])
        {
            cluster.Gate.Set<IShardDesk>(method, () => _silence.Task);
            cluster.Gate.Set<IKeyShardGrain>(method, () => _silence.Task);
        }

        cluster.Gate.Set<IKeyShardGrain>("GetNewsAsync", () => throw new SiloUnavailableException("Away."));
    }

    private void BeWell()
    {
        cluster.Gate.Open();
        _silence.TrySetResult();
    }

    private bool Passed(Task task)
    {
        Advance(ReadsEvery);
        return task.IsCompleted;
    }

    private async Task NothingIsFoundAsync(GrainKeyStore store, NodeId key)
    {
        var find = store.FindAsync(key, StoredValues.Now);
        Assert.False(find.IsCompleted);
        _clock.Advance(FindTimeout);
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

                Advance(ReadsEvery);
                await store.ReadNewsAsync();
                return false;
            },
            () => "misses that no filter answered");
    }

    private GrainKeyStore Create()
    {
        var store = new GrainKeyStore(
            cluster.Grains,
            ShardLayout.Of(cluster.ShardBits),
            _clock,
            NullLogger<GrainKeyStore>.Instance,
            new GrainKeyStoreOptions { MaxStaleness = Bound, MaxOutageStaleness = OutageBound, HedgeAfter = TimeSpan.FromHours(1) });
        _stores.Add(store);
        return store;
    }
}

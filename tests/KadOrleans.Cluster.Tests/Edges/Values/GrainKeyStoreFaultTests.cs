namespace KadOrleans.Cluster.Tests.Edges;

[Collection(OneShard.Name)]
public sealed class GrainKeyStoreFaultTests(OneShardCluster cluster) : IAsyncLifetime
{
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask InitializeAsync() => new(cluster.ClearAsync(StoreQuota.Unlimited));

    public ValueTask DisposeAsync()
    {
        cluster.Gate.Open();
        _held.TrySetResult();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_thousand_puts_at_once_share_a_few_calls()
    {
        await using var store = CreateStore(new GrainKeyStoreOptions { HedgeAfter = TimeSpan.FromMinutes(1) });
        var before = PutCalls();
        cluster.Gate.Set<IKeyShardGrain>("PutAsync", () => _held.Task);
        var puts = Enumerable.Range(0, 1_000)
            .Select(i => store.PutAsync(StoredValues.Key(i), StoredValues.Sized(i)).AsTask()).ToList();
        _held.SetResult();

        Assert.All(await Task.WhenAll(puts), result => Assert.Equal(StoreResult.Stored, result));

        Assert.InRange(PutCalls() - before, 1, 3);

        // On a busy machine the shard is late, and is asked apart once more.
        Assert.InRange(store.Totals()["shards.put.values"], 1_000, 2_000);
    }

    [Fact]
    public async Task Puts_and_gets_fail_while_no_silo_takes_them_and_work_again_by_themselves()
    {
        await using var store = CreateStore(new GrainKeyStoreOptions { Timeout = TimeSpan.FromMilliseconds(200) });
        Fail("PutAsync", new SiloUnavailableException("Away."));
        Fail("GetAsync", new SiloUnavailableException("Away."));

        Assert.Equal(StoreResult.StorageFailed, await store.PutAsync(StoredValues.Key(1), StoredValues.Text("lost")));
        var failure = await Assert.ThrowsAsync<KeyStoreException>(async () => await store.GetAsync(StoredValues.Key(1), StoredValues.Now));
        Assert.Contains("shard 0 does not answer", failure.Message, StringComparison.Ordinal);

        cluster.Gate.Open();
        var last = StoreResult.StorageFailed;
        for (var tries = 0; last != StoreResult.Stored && tries < 100; tries++)
        {
            last = await store.PutAsync(StoredValues.Key(2), StoredValues.Text("kept"));
        }

        Assert.Equal(StoreResult.Stored, last);
    }

    [Fact]
    public async Task A_scan_bridges_a_short_absence()
    {
        await using var store = CreateStore();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("kept"));
        var failures = 3;
        cluster.Gate.Set<IKeyShardGrain>("ScanAsync", () =>
            Interlocked.Decrement(ref failures) >= 0 ? throw new SiloUnavailableException("Not yet.") : Task.CompletedTask);
        Assert.Equal(1, await store.ScanAsync(KeyRegion.Everywhere).CountAsync());
    }

    [Fact]
    public async Task A_shard_that_breaks_is_asked_once_and_is_no_value()
    {
        await using var store = CreateStore();
        var before = PutCalls();
        foreach (var method in new[] { "PutAsync", "ScanAsync", "RemoveExpiredAsync", "GetUsageAsync" })
        {
            Fail(method, new InvalidOperationException("Broken."));
        }

        Assert.Equal(StoreResult.StorageFailed, await store.PutAsync(StoredValues.Key(1), StoredValues.Text("lost")));
        Assert.Equal(1, PutCalls() - before);
        await Assert.ThrowsAsync<KeyStoreException>(async () => await store.ScanAsync(KeyRegion.Everywhere).CountAsync());
        await Assert.ThrowsAsync<KeyStoreException>(async () => await store.RemoveExpiredAsync(StoredValues.Now));
        await Assert.ThrowsAsync<KeyStoreException>(async () => await store.GetUsageAsync());
    }

    [Fact]
    public async Task Beyond_the_queue_of_all_shards_requests_fail_at_once()
    {
        await using var store = CreateStore(new GrainKeyStoreOptions { TotalQueue = 2 });
        cluster.Gate.Set<IKeyShardGrain>("PutAsync", () => _held.Task);
        var held = new[] { 1, 2 }.Select(i => store.PutAsync(StoredValues.Key(i), StoredValues.Sized(i)).AsTask()).ToList();

        Assert.Equal(StoreResult.Busy, await store.PutAsync(StoredValues.Key(3), StoredValues.Sized(3)));
        await Assert.ThrowsAsync<KeyStoreException>(async () => await store.GetAsync(StoredValues.Key(1), StoredValues.Now));

        _held.SetResult();
        Assert.All(await Task.WhenAll(held), result => Assert.Equal(StoreResult.Stored, result));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(3), StoredValues.Sized(3)));
    }

    [Fact]
    public async Task An_edge_hears_that_a_put_is_late_or_overtaken()
    {
        await using var store = CreateStore();
        var value = StoredValues.Text("held");
        Assert.Equal(StoreResult.Late, await store.PutAsync(StoredValues.Key(1), value with { StoredAt = StoredValues.Now.AddMinutes(-1) }));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(1), value));

        var overtaken = StoredValues.Text("before") with { StoredAt = StoredValues.Now.AddSeconds(-1) };
        Assert.Equal(StoreResult.Overtaken, await store.PutAsync(StoredValues.Key(1), overtaken));
    }

    [Fact]
    public async Task Usage_is_asked_for_once_in_its_time()
    {
        await using var store = CreateStore();
        await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(1));
        var before = cluster.Gate.Count<IKeyShardGrain>("GetUsageAsync");

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(1, (await store.GetUsageAsync()).Keys);
        }

        Assert.Equal(1, cluster.Gate.Count<IKeyShardGrain>("GetUsageAsync") - before);
    }

    private int PutCalls() => cluster.Gate.Count<IKeyShardGrain>("PutAsync");

    private void Fail(string method, Exception exception) => cluster.Gate.Set<IKeyShardGrain>(method, () => throw exception);

    private GrainKeyStore CreateStore(GrainKeyStoreOptions? options = null) =>
        cluster.OpenStore((options ?? new GrainKeyStoreOptions()) with { UsageMaxAge = TimeSpan.FromHours(1) });
}

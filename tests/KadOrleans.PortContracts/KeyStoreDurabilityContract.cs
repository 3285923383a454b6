using KadOrleans.Core.Values;

namespace KadOrleans.PortContracts;

/// <summary>What an <see cref="Node.Ports.IKeyStore"/> that lasts brings back when it is opened again.</summary>
public abstract class KeyStoreDurabilityContract
{
    protected abstract KeyStoreHost CreateHost();

    [Fact]
    public async Task Every_acknowledged_value_is_there_after_reopening()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        var values = StoredValues.EdgeCases.Index().ToDictionary(
            item => StoredValues.Key(item.Index),
            item => StoredValues.Of(item.Item, item.Index % 2 == 0 ? StoredValues.Alice : StoredValues.Bob));
        await store.PutAllAsync(values);
        var usage = await store.GetUsageAsync();

        await host.CloseAsync();
        store = await host.OpenAsync(StoreQuota.Unlimited);

        Assert.Equal(values, await store.ReadAllAsync());
        Assert.Equal(usage, await store.GetUsageAsync());
    }

    [Fact]
    public async Task Puts_under_way_when_the_store_closes_are_kept_if_they_were_acknowledged()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        var values = Enumerable.Range(0, 500).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i));
        var puts = store.PutTogetherAsync(values);

        await host.CloseAsync();
        Assert.All(await puts, result => Assert.Equal(StoreResult.Stored, result));
        store = await host.OpenAsync(StoreQuota.Unlimited);

        Assert.Equal(values, await store.ReadAllAsync());
    }

    [Fact]
    public async Task Replaced_and_removed_values_do_not_come_back()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("old"));
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("new"));
        await store.PutAsync(StoredValues.Key(2), StoredValues.ExpiringAt(StoredValues.Now));
        await store.RemoveExpiredAsync(StoredValues.Now);

        await host.CloseAsync();
        store = await host.OpenAsync(StoreQuota.Unlimited);

        var left = Assert.Single(await store.ReadAllAsync());
        Assert.Equal((StoredValues.Key(1), "new"), (left.Key, left.Value.Value.AsString()));
    }

    [Fact]
    public async Task Of_puts_of_one_key_the_one_that_was_held_is_the_one_that_comes_back()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        await store.PutFromManyThreadsAsync(
            Enumerable.Range(0, 300).Select(i => KeyValuePair.Create(StoredValues.Key(i % 3), StoredValues.Sized(i))));
        var held = await store.ReadAllAsync();

        await host.CloseAsync();
        store = await host.OpenAsync(StoreQuota.Unlimited);

        Assert.Equal(held, await store.ReadAllAsync());
    }

    [Fact]
    public async Task What_a_source_has_used_up_stays_used_up_after_reopening()
    {
        await using var host = CreateHost();
        var quota = StoreQuota.Unlimited with { KeysPerSource = 1 };
        var store = await host.OpenAsync(quota);
        await store.PutAsync(StoredValues.Key(1), StoredValues.Sized(1, StoredValues.Alice));

        await host.CloseAsync();
        store = await host.OpenAsync(quota);

        Assert.Equal(StoreResult.SourceQuotaExceeded, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1, StoredValues.Alice)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1, StoredValues.Bob)));
    }

    [Fact]
    public async Task A_full_store_goes_on_making_room_after_reopening()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(KeyStoreQuotaContract.Share);
        await KeyStoreQuotaContract.AssertOutlivesFloodAsync(store, async () =>
        {
            await host.CloseAsync();
            return await host.OpenAsync(KeyStoreQuotaContract.Share);
        });
    }

    [Fact]
    public async Task Evicted_values_do_not_come_back()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { TotalKeys = 50 });
        for (var i = 0; i < 500; i++)
        {
            await store.PutAsync(StoredValues.Key(i), StoredValues.Sized(i % 50, i % 5 == 0 ? StoredValues.Alice : StoredValues.Bob));
            await store.PutAsync(StoredValues.Key(1_000 + (i % 40)), StoredValues.Sized(i % 7));
        }

        var held = await store.ReadAllAsync();
        await host.CloseAsync();
        store = await host.OpenAsync(StoreQuota.Unlimited);

        Assert.Equal(50, held.Count);
        Assert.Equal(held, await store.ReadAllAsync());
    }

    [Fact]
    public async Task A_lower_quota_refuses_new_values_and_drops_no_old_ones()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        await store.PutAllAsync(Enumerable.Range(0, 5).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i)));

        await host.CloseAsync();
        store = await host.OpenAsync(StoreQuota.Unlimited with { TotalKeys = 2 });

        Assert.Equal(5, (await store.GetUsageAsync()).Keys);
        Assert.Equal(StoreResult.TotalQuotaExceeded, await store.PutAsync(StoredValues.Key(9), StoredValues.Sized(1)));
    }

    [Fact]
    public async Task Puts_that_were_refused_do_not_appear_after_reopening()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited with { TotalKeys = 20 });
        var results = await store.PutTogetherAsync(
            Enumerable.Range(0, 100).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(i))));
        var held = await store.ReadAllAsync();

        await host.CloseAsync();
        store = await host.OpenAsync(StoreQuota.Unlimited);

        Assert.Equal(20, results.Count(result => result == StoreResult.Stored));
        Assert.Equal(held, await store.ReadAllAsync());
    }
}

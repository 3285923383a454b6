namespace KadOrleans.Testing;

/// <summary>What an <see cref="IKeyStore"/> that lasts brings back when it is opened again.</summary>
public abstract class KeyStoreDurabilityContract : KeyStoreSuite
{
    [Fact]
    public async Task Every_acknowledged_value_is_there_after_reopening()
    {
        var values = StoredValues.EdgeCases.Index().ToDictionary(
            item => StoredValues.Key(item.Index),
            item => StoredValues.Of(item.Item, item.Index % 2 == 0 ? StoredValues.Alice : StoredValues.Bob));
        await Store.PutAllAsync(values);
        var usage = await Store.GetUsageAsync();

        await ReopenAsync();

        Assert.Equal(values, await Store.ReadAllAsync());
        Assert.Equal(usage, await Store.GetUsageAsync());
    }

    [Fact]
    public async Task Puts_under_way_when_the_store_closes_are_kept_if_they_were_acknowledged()
    {
        var values = Enumerable.Range(0, 500).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i));
        var puts = Store.PutTogetherAsync(values);

        await Host.CloseAsync();
        Assert.All(await puts, result => Assert.Equal(StoreResult.Stored, result));
        await OpenAsync(StoreQuota.Unlimited);

        Assert.Equal(values, await Store.ReadAllAsync());
    }

    [Fact]
    public async Task Replaced_and_removed_values_do_not_come_back()
    {
        await Store.PutAsync(StoredValues.Key(1), StoredValues.Text("old"));
        await Store.PutAsync(StoredValues.Key(1), StoredValues.Text("new"));
        await Store.PutAsync(StoredValues.Key(2), StoredValues.ExpiringAt(StoredValues.Now));
        await Store.RemoveExpiredAsync(StoredValues.Now);

        await ReopenAsync();

        var left = Assert.Single(await Store.ReadAllAsync());
        Assert.Equal((StoredValues.Key(1), "new"), (left.Key, left.Value.Value.AsString()));
    }

    [Fact]
    public async Task Of_puts_of_one_key_the_one_that_was_held_is_the_one_that_comes_back()
    {
        await Store.PutFromManyThreadsAsync(
            Enumerable.Range(0, 300).Select(i => KeyValuePair.Create(StoredValues.Key(i % 3), StoredValues.Sized(i))));
        var held = await Store.ReadAllAsync();

        await ReopenAsync();

        Assert.Equal(held, await Store.ReadAllAsync());
    }

    [Fact]
    public async Task What_a_source_has_used_up_stays_used_up_after_reopening()
    {
        var quota = StoreQuota.Unlimited with { KeysPerSource = 1 };
        await ReopenAsync(quota);
        await Store.PutAsync(StoredValues.Key(1), StoredValues.Sized(1, StoredValues.Alice));

        await ReopenAsync(quota);

        Assert.Equal(StoreResult.SourceQuotaExceeded, await Store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1, StoredValues.Alice)));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(StoredValues.Key(2), StoredValues.Sized(1, StoredValues.Bob)));
    }

    [Fact]
    public async Task A_full_store_goes_on_making_room_after_reopening()
    {
        await ReopenAsync(KeyStoreQuotaContract.Share);
        await KeyStoreQuotaContract.AssertOutlivesFloodAsync(Store, async () =>
        {
            await ReopenAsync(KeyStoreQuotaContract.Share);
            return Store;
        });
    }

    [Fact]
    public async Task Evicted_values_do_not_come_back()
    {
        await ReopenAsync(StoreQuota.Unlimited with { TotalKeys = 50 });
        for (var i = 0; i < 500; i++)
        {
            await Store.PutAsync(StoredValues.Key(i), StoredValues.Sized(i % 50, i % 5 == 0 ? StoredValues.Alice : StoredValues.Bob));
            await Store.PutAsync(StoredValues.Key(1_000 + (i % 40)), StoredValues.Sized(i % 7));
        }

        var held = await Store.ReadAllAsync();
        await ReopenAsync();

        Assert.Equal(50, held.Count);
        Assert.Equal(held, await Store.ReadAllAsync());
    }

    [Fact]
    public async Task A_lower_quota_refuses_new_values_and_drops_no_old_ones()
    {
        await Store.PutAllAsync(Enumerable.Range(0, 5).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i)));

        await ReopenAsync(StoreQuota.Unlimited with { TotalKeys = 2 });

        Assert.Equal(5, (await Store.GetUsageAsync()).Keys);
        Assert.Equal(StoreResult.TotalQuotaExceeded, await Store.PutAsync(StoredValues.Key(9), StoredValues.Sized(1)));
    }

    [Fact]
    public async Task Puts_that_were_refused_do_not_appear_after_reopening()
    {
        await ReopenAsync(StoreQuota.Unlimited with { TotalKeys = 20 });
        var results = await Store.PutTogetherAsync(
            Enumerable.Range(0, 100).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(i))));
        var held = await Store.ReadAllAsync();

        await ReopenAsync();

        Assert.Equal(20, results.Count(result => result == StoreResult.Stored));
        Assert.Equal(held, await Store.ReadAllAsync());
    }
}

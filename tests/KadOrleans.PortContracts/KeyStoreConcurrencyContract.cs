using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>What every <see cref="IKeyStore"/> does when calls overlap, and when it is over.</summary>
public abstract class KeyStoreConcurrencyContract
{
    protected abstract KeyStoreHost CreateHost();

    [Fact]
    public async Task Puts_of_many_keys_from_many_threads_are_all_held()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        var values = Enumerable.Range(0, 1000).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i % 64));

        Assert.All(await store.PutFromManyThreadsAsync(values), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(values, await store.ReadAllAsync());
        Assert.Equal(new KeyStoreUsage(1000, values.Values.Sum(value => (long)value.Footprint)), await store.GetUsageAsync());
    }

    [Fact]
    public async Task The_latest_put_of_a_key_wins_among_puts_under_way()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        var puts = Enumerable.Range(0, 200).Select(i => KeyValuePair.Create(StoredValues.Key(i % 2), StoredValues.Sized(i)));

        Assert.All(await store.PutTogetherAsync(puts), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(198, (await store.GetAsync(StoredValues.Key(0), StoredValues.Now))?.Value.ContentLength);
        Assert.Equal(199, (await store.GetAsync(StoredValues.Key(1), StoredValues.Now))?.Value.ContentLength);
        Assert.Equal(2, (await store.GetUsageAsync()).Keys);
    }

    [Fact]
    public async Task Puts_of_one_key_from_many_threads_leave_one_whole_value()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        var puts = Enumerable.Range(0, 200).Select(i => KeyValuePair.Create(StoredValues.Key(1), StoredValues.Sized(i))).ToList();

        Assert.All(await store.PutFromManyThreadsAsync(puts), result => Assert.Equal(StoreResult.Stored, result));

        var held = Assert.Single(await store.ReadAllAsync());
        Assert.Contains(held, puts);
        Assert.Equal(new KeyStoreUsage(1, held.Value.Footprint), await store.GetUsageAsync());
    }

    [Fact]
    public async Task An_acknowledged_value_is_seen_by_the_next_get_whatever_else_goes_on()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                var value = StoredValues.Sized(i);
                Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(writer), value));
                Assert.Equal(value, await store.GetAsync(StoredValues.Key(writer), StoredValues.Now));
                await store.RemoveExpiredAsync(StoredValues.Now);
            }
        })));

        Assert.Equal(16, (await store.GetUsageAsync()).Keys);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_beforehand_does_nothing()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.PutAsync(StoredValues.Key(1), StoredValues.Text("never"), PutKind.Publication, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.GetAsync(StoredValues.Key(1), StoredValues.Now, cancelled));

        Assert.Empty(await store.ReadAllAsync());
    }

    [Fact]
    public async Task After_disposal_every_call_is_refused_and_disposing_again_is_fine()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("before"));
        await store.DisposeAsync();
        await store.DisposeAsync();

        await AssertDisposedAsync(async () => await store.GetAsync(StoredValues.Key(1), StoredValues.Now));
        await AssertDisposedAsync(async () => await store.PutAsync(StoredValues.Key(1), StoredValues.Text("after")));
        await AssertDisposedAsync(async () => await store.RemoveExpiredAsync(StoredValues.Now));
        await AssertDisposedAsync(async () => await store.GetUsageAsync());
        await AssertDisposedAsync(store.ReadAllAsync);
    }

    [Fact]
    public async Task Disposal_leaves_no_put_without_an_answer()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        var puts = store.PutTogetherAsync(
            Enumerable.Range(0, 500).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(i))));
        await store.DisposeAsync();

        Assert.All(await puts, result => Assert.Equal(StoreResult.Stored, result));
    }

    private static Task<ObjectDisposedException> AssertDisposedAsync(Func<Task> call) => Assert.ThrowsAsync<ObjectDisposedException>(call);
}

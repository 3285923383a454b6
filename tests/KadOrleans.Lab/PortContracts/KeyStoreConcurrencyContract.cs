namespace KadOrleans.Lab;

/// <summary>What every <see cref="IKeyStore"/> does when calls overlap, and when it is over.</summary>
public abstract class KeyStoreConcurrencyContract : StoreSuite<IKeyStore>
{
    [Fact]
    public async Task Puts_of_many_keys_from_many_threads_are_all_held()
    {
        var values = Enumerable.Range(0, 1000).ToDictionary(StoredValues.Key, i => StoredValues.Sized(i % 64));

        Assert.All(await Store.PutFromManyThreadsAsync(values), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(values, await Store.ReadAllAsync());
        Assert.Equal(new KeyStoreUsage(1000, values.Values.Sum(value => (long)value.Footprint)), await Store.GetUsageAsync());
    }

    [Fact]
    public async Task The_latest_put_of_a_key_wins_among_puts_under_way()
    {
        var puts = Enumerable.Range(0, 200).Select(i => KeyValuePair.Create(StoredValues.Key(i % 2), StoredValues.Sized(i)));

        Assert.All(await Store.PutTogetherAsync(puts), result => Assert.Equal(StoreResult.Stored, result));

        Assert.Equal(198, (await Store.GetAsync(StoredValues.Key(0), StoredValues.Now))?.Value.ContentLength);
        Assert.Equal(199, (await Store.GetAsync(StoredValues.Key(1), StoredValues.Now))?.Value.ContentLength);
        Assert.Equal(2, (await Store.GetUsageAsync()).Keys);
    }

    [Fact]
    public async Task Puts_of_one_key_from_many_threads_leave_one_whole_value()
    {
        var puts = Enumerable.Range(0, 200).Select(i => KeyValuePair.Create(StoredValues.Key(1), StoredValues.Sized(i))).ToList();

        Assert.All(await Store.PutFromManyThreadsAsync(puts), result => Assert.Equal(StoreResult.Stored, result));

        var held = Assert.Single(await Store.ReadAllAsync());
        Assert.Contains(held, puts);
        Assert.Equal(new KeyStoreUsage(1, held.Value.Footprint), await Store.GetUsageAsync());
    }

    [Fact]
    public async Task An_acknowledged_value_is_seen_by_the_next_get_whatever_else_goes_on()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                var value = StoredValues.Sized(i);
                Assert.Equal(StoreResult.Stored, await Store.PutAsync(StoredValues.Key(writer), value));
                Assert.Equal(value, await Store.GetAsync(StoredValues.Key(writer), StoredValues.Now));
                await Store.RemoveExpiredAsync(StoredValues.Now);
            }
        })));

        Assert.Equal(16, (await Store.GetUsageAsync()).Keys);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_beforehand_does_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.PutAsync(StoredValues.Key(1), StoredValues.Text("never"), PutKind.Publication, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.GetAsync(StoredValues.Key(1), StoredValues.Now, cancelled));

        Assert.Empty(await Store.ReadAllAsync());
    }

    [Fact]
    public async Task After_disposal_every_call_is_refused_and_disposing_again_is_fine()
    {
        await Store.PutAsync(StoredValues.Key(1), StoredValues.Text("before"));
        await Store.DisposeAsync();
        await Store.DisposeAsync();

        foreach (var call in new Func<Task>[]
        {
            async () => await Store.GetAsync(StoredValues.Key(1), StoredValues.Now),
            async () => await Store.PutAsync(StoredValues.Key(1), StoredValues.Text("after")),
            async () => await Store.RemoveExpiredAsync(StoredValues.Now),
            async () => await Store.GetUsageAsync(),
            Store.ReadAllAsync,
        })
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(call);
        }
    }
}

namespace KadOrleans.Lab;

/// <summary>What every <see cref="IPublicationStore"/> of a standalone node does.</summary>
public abstract class PublicationStoreContract : PublicationReplacementContract
{
    [Fact]
    public async Task A_publication_comes_back_until_it_is_removed()
    {
        var store = await OpenAsync(10);
        var publication = Of("value") with { IsPending = true };
        Assert.Null(await store.GetAsync(StoredValues.Key(1)));
        Assert.False(await store.RemoveAsync(StoredValues.Key(1)));

        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(1), publication));
        Assert.Equal(publication, await store.GetAsync(StoredValues.Key(1)));

        Assert.True(await store.RemoveAsync(StoredValues.Key(1)));
        Assert.Null(await store.GetAsync(StoredValues.Key(1)));
        Assert.False(await store.RemoveAsync(StoredValues.Key(1)));
    }

    [Fact]
    public async Task A_put_replaces_and_values_of_every_type_come_back_equal()
    {
        var store = await OpenAsync(StoredValues.EdgeCases.Count);
        var expected = new Dictionary<NodeId, Publication>();
        for (var i = 0; i < StoredValues.EdgeCases.Count; i++)
        {
            expected[StoredValues.Key(i)] = new Publication(StoredValues.EdgeCases[i], StoredValues.Now.AddHours(i));
            await store.PutAsync(StoredValues.Key(i), Of("before"));
            Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(i), expected[StoredValues.Key(i)]));
        }

        Assert.Equal(expected, await ReadAllAsync(store));
    }

    [Fact]
    public async Task A_full_store_refuses_new_keys_and_takes_known_ones()
    {
        var store = await OpenAsync(2);
        var puts = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => store.PutAsync(StoredValues.Key(i), Of("value")).AsTask()));
        Assert.Equal(2, puts.Count(result => result == StoreResult.Stored));
        Assert.Equal(3, puts.Count(result => result == StoreResult.TotalQuotaExceeded));

        var held = await ReadAllAsync(store);
        Assert.Equal(2, held.Count);
        Assert.Equal(StoreResult.Stored, await store.PutAsync(held.Keys.First(), Of("other")));
        Assert.True(await store.RemoveAsync(held.Keys.First()));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(9), Of("value")));
        Assert.Equal(StoreResult.TotalQuotaExceeded, await store.PutAsync(StoredValues.Key(10), Of("value")));
    }

    [Fact]
    public async Task A_removal_that_is_under_way_counts_for_a_replacement()
    {
        var store = await OpenAsync(10);
        var (key, read) = (StoredValues.Key(1), Of("read"));
        await store.PutAsync(key, read);

        var removed = store.RemoveAsync(key).AsTask();
        var replaced = store.ReplaceAsync(key, read, Of("other")).AsTask();

        Assert.True(await removed);
        Assert.Equal(StoreResult.Superseded, await replaced);
        Assert.Null(await store.GetAsync(key));
    }

    [Fact]
    public async Task What_was_ended_leaves_room_for_another_key()
    {
        var store = await OpenAsync(1);
        await store.PutAsync(StoredValues.Key(1), Of("one"));
        Assert.Equal(StoreResult.Stored, await store.ReplaceAsync(StoredValues.Key(1), Of("one"), null));

        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(2), Of("two")));
        Assert.Equal(StoreResult.TotalQuotaExceeded, await store.PutAsync(StoredValues.Key(3), Of("three")));
    }

    protected static async Task<Dictionary<NodeId, Publication>> ReadAllAsync(IPublicationStore store) =>
        await store.ScanAsync().ToDictionaryAsync();
}

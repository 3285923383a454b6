namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>What a cluster publishes is marked on its values.</summary>
[Collection(SixteenShards.Name)]
public sealed class GrainPublicationStoreTests(SixteenShardCluster cluster)
{
    private static readonly Publication Published = new(DhtValue.FromString("value"), StoredValues.Now);

    [Fact]
    public async Task A_publication_is_a_marked_value_until_it_is_removed_which_leaves_the_value()
    {
        await using var keys = await OpenAsync();
        var store = new GrainPublicationStore(keys, TimeSpan.FromDays(7), cluster.Clock);
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(1), Published));
        await keys.PutAsync(StoredValues.Key(2), StoredValues.Text("not published"));

        Assert.Equal(Published, await store.GetAsync(StoredValues.Key(1)));
        Assert.Null(await store.GetAsync(StoredValues.Key(2)));
        Assert.Equal(StoredValues.Now.AddDays(7), (await keys.GetAsync(StoredValues.Key(1), StoredValues.Now))?.ExpiresAt);
        var all = new List<KeyValuePair<NodeId, Publication>>();
        await foreach (var entry in store.ScanAsync())
        {
            all.Add(entry);
        }

        Assert.Equal([KeyValuePair.Create(StoredValues.Key(1), Published)], all);
        Assert.True(await store.RemoveAsync(StoredValues.Key(1)));
        Assert.False(await store.RemoveAsync(StoredValues.Key(1)));
        Assert.Null(await store.GetAsync(StoredValues.Key(1)));
        Assert.Equal(Published.Value, (await keys.GetAsync(StoredValues.Key(1), StoredValues.Now))?.Value);
    }

    [Fact]
    public async Task A_pending_publication_comes_back_with_the_time_it_was_set_until_it_is_published()
    {
        await using var keys = await OpenAsync();
        var store = new GrainPublicationStore(keys, TimeSpan.FromDays(7), cluster.Clock);
        await keys.PutAsync(
            StoredValues.Key(1), StoredValues.Text("value") with { PublishedAt = StoredValue.PendingSince(StoredValues.Now) });

        Assert.Equal(Published with { IsPending = true }, await store.GetAsync(StoredValues.Key(1)));

        await store.PutAsync(StoredValues.Key(1), Published);
        Assert.Equal(Published, await store.GetAsync(StoredValues.Key(1)));

        await store.PutAsync(StoredValues.Key(1), Published with { IsPending = true });
        Assert.Equal(Published with { IsPending = true }, await store.GetAsync(StoredValues.Key(1)));
    }

    private async Task<GrainKeyStore> OpenAsync()
    {
        await cluster.ClearAsync(StoreQuota.Unlimited);
        return cluster.OpenStore(GrainKeyStoreHost.Options);
    }
}

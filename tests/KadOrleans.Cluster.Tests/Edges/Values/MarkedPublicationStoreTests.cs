namespace KadOrleans.Cluster.Tests.Edges;

[Collection(SixteenShards.Name)]
public sealed class MarkedPublicationStoreTests(SixteenShardCluster cluster)
{
    private static readonly Publication Published = new(DhtValue.FromString("value"), StoredValues.Now);

    [Fact]
    public async Task A_publication_is_a_marked_value_pending_or_not_until_it_is_removed_which_leaves_the_value()
    {
        await cluster.ClearAsync(StoreQuota.Unlimited);
        await using var keys = cluster.OpenStore(GrainKeyStoreHost.Options);
        var store = new MarkedPublicationStore(keys.ForNode(), keys.UnpublishAsync, TimeSpan.FromDays(7), cluster.Clock);
        await keys.PutAsync(StoredValues.Key(2), StoredValues.Text("not published"));
        foreach (var publication in new[] { Published with { IsPending = true }, Published })
        {
            Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(1), publication));
            Assert.Equal(publication, await store.GetAsync(StoredValues.Key(1)));
            var mark = publication.IsPending ? StoredValue.PendingSince(StoredValues.Now) : StoredValues.Now;
            var held = await keys.GetAsync(StoredValues.Key(1), StoredValues.Now);
            Assert.Equal((mark, StoredValues.Now.AddDays(7)), (held!.PublishedAt, held.ExpiresAt));
        }

        Assert.Null(await store.GetAsync(StoredValues.Key(2)));
        Assert.Equal([KeyValuePair.Create(StoredValues.Key(1), Published)], await store.ScanAsync().ToListAsync());
        Assert.True(await store.RemoveAsync(StoredValues.Key(1)));
        Assert.False(await store.RemoveAsync(StoredValues.Key(1)));
        Assert.Null(await store.GetAsync(StoredValues.Key(1)));
        Assert.Equal(Published.Value, (await keys.GetAsync(StoredValues.Key(1), StoredValues.Now))?.Value);
    }
}

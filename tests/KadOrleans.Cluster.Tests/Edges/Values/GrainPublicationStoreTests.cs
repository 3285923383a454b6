using Microsoft.Extensions.Logging.Abstractions;

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

    [Fact]
    public async Task A_store_of_another_value_by_a_trusted_source_ends_a_publication_and_a_copy_or_a_strangers_does_not()
    {
        await using var keys = await OpenAsync();
        var store = new GrainPublicationStore(keys, TimeSpan.FromDays(7), cluster.Clock);
        await store.PutAsync(StoredValues.Key(1), Published);

        await keys.PutAsync(StoredValues.Key(1), StoredValues.Text("value"), PutKind.Copy);
        await keys.PutAsync(StoredValues.Key(1), StoredValues.Text("older"), PutKind.Copy);
        var later = StoredValues.Text("later", StoredValues.Alice) with { ExpiresAt = StoredValues.Now.AddDays(8) };
        Assert.Equal(StoreResult.Outdated, await keys.PutAsync(StoredValues.Key(1), later));
        Assert.Equal(StoreResult.Outdated, await keys.PutAsync(StoredValues.Key(1), later, PutKind.Copy));
        Assert.Equal(Published, await store.GetAsync(StoredValues.Key(1)));

        await keys.PutAsync(StoredValues.Key(1), StoredValues.Text("other"));
        Assert.Null(await store.GetAsync(StoredValues.Key(1)));
    }

    private async Task<GrainKeyStore> OpenAsync()
    {
        await cluster.ClearAsync(StoreQuota.Unlimited);
        return new GrainKeyStore(cluster.Grains, ShardLayout.Of(cluster.ShardBits), TimeProvider.System, NullLogger<GrainKeyStore>.Instance, GrainKeyStoreHost.Options);
    }
}

namespace KadOrleans.Lab;

/// <summary>How every <see cref="IPublicationStore"/> replaces what was read, and nothing else; also that of a cluster.</summary>
public abstract class PublicationReplacementContract
{
    /// <summary>Opens an empty store with room for so many.</summary>
    protected abstract ValueTask<IPublicationStore> OpenAsync(int capacity);

    [Fact]
    public async Task A_publication_is_replaced_and_ended_only_as_it_was_read()
    {
        var store = await OpenAsync(10);
        var (key, read) = (StoredValues.Key(1), Of("read") with { IsPending = true });
        var sent = read with { IsPending = false, PublishedAt = read.PublishedAt.AddMinutes(1) };
        Assert.Equal(StoreResult.Superseded, await store.ReplaceAsync(key, read, sent));
        Assert.Equal(StoreResult.Superseded, await store.ReplaceAsync(key, read, null));
        Assert.Null(await store.GetAsync(key));

        await store.PutAsync(key, read);
        foreach (var other in (Publication[])[Of("other"), read with { IsPending = false }, read with { PublishedAt = read.PublishedAt.AddMilliseconds(1) }])
        {
            Assert.Equal(StoreResult.Superseded, await store.ReplaceAsync(key, other, sent));
            Assert.Equal(StoreResult.Superseded, await store.ReplaceAsync(key, other, null));
        }

        Assert.Equal(read, await store.GetAsync(key));
        Assert.Equal(StoreResult.Stored, await store.ReplaceAsync(key, read, sent));

        // The same call may be made twice.
        Assert.Equal(StoreResult.Stored, await store.ReplaceAsync(key, read, sent));
        Assert.Equal(sent, await store.GetAsync(key));
        Assert.Equal(StoreResult.Stored, await store.ReplaceAsync(key, sent, null));
        Assert.Equal(StoreResult.Superseded, await store.ReplaceAsync(key, sent, null));
        Assert.Null(await store.GetAsync(key));
    }

    [Fact]
    public async Task What_is_under_way_counts_for_a_replacement()
    {
        var store = await OpenAsync(10);
        var (key, read, later) = (StoredValues.Key(1), Of("read"), Of("later") with { IsPending = true });
        await store.PutAsync(key, read);

        // Not awaited one by one: each is decided before the one before it is durable.
        var put = store.PutAsync(key, later).AsTask();
        var confirmed = store.ReplaceAsync(key, read, read with { PublishedAt = read.PublishedAt.AddDays(1) }).AsTask();
        Assert.Equal([StoreResult.Stored, StoreResult.Superseded], [await put, await confirmed]);
        Assert.Equal(later, await store.GetAsync(key));
    }

    [Fact]
    public async Task Of_many_replacements_of_one_publication_one_is_done()
    {
        var store = await OpenAsync(10);
        var (key, read) = (StoredValues.Key(1), Of("read"));
        await store.PutAsync(key, read);
        var successors = Enumerable.Range(0, 40).Select(i => i % 4 == 0 ? null : Of($"{i}")).ToList();

        var results = await Task.WhenAll(successors.Select(after => Task.Run(async () => await store.ReplaceAsync(key, read, after))));

        Assert.Equal(1, results.Count(result => result == StoreResult.Stored));
        Assert.Equal(successors[Array.IndexOf(results, StoreResult.Stored)], await store.GetAsync(key));
    }

    protected static Publication Of(string text) => new(DhtValue.FromString(text), StoredValues.Now);
}

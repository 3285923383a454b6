using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>Values that are in pages alone.</summary>
public class PageReaderTests
{
    private const int Keys = 2000;

    [Fact]
    public Task An_activation_reads_keys_a_get_reads_one_page_concurrent_ones_once_and_the_cache_answers_later_ones() => EngineHost.RunAsync(async () =>
    {
        var records = await FillAsync();
        var pages = CountPages(records);
        var shard = await EngineHost.ActivateAsync(records, cache: new ValueCache(0));
        Assert.Equal(Keys, shard.Log.Shard.Count);

        // The last page is so short that its keys have no record.
        Assert.Single(pages);
        pages.Clear();
        Assert.Equal(Value(7), (await shard.ReadAsync(Samples.Key(7)))[0]);
        Assert.Single(pages);
        Assert.Null((await shard.ReadAsync(Samples.Key(-1)))[0]);
        Assert.Single(pages);

        pages.Clear();
        shard = await EngineHost.ActivateAsync(records, cache: new ValueCache(8 << 20));
        await Task.WhenAll(Enumerable.Range(0, Keys).Select(i => shard.ReadAsync(Samples.Key(i))));
        await shard.ReadAllAsync();
        Assert.Equal(shard.Log.Image.Pages.Count, pages.Count);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_page_whose_keys_have_no_record_of_their_own_is_read_whole(bool isMissing) => EngineHost.RunAsync(async () =>
    {
        var records = await FillAsync();
        foreach (var name in records.Names.Where(name => name.StartsWith("kad-shard-keys", StringComparison.Ordinal)).ToList())
        {
            records.Set(name, new PageKeysRecord { Compaction = isMissing ? 0 : 999 });
        }

        Assert.Equal(Expected(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    });

    [Fact]
    public Task A_page_of_an_older_release_is_read_and_compacted() => EngineHost.RunAsync(async () =>
    {
        var records = new FakeRecords();
        var entries = EntryCodec.Encode([.. Expected().Select(pair => new Entry(pair.Key, pair.Value))]);
        records.Set(RecordNames.Page(0), new PageRecord { Compaction = 3, Entries = entries });
        records.Set(RecordNames.Manifest, new Manifest { Compaction = 3, Pages = [new PageReference(0, 3)] });
        var shard = await EngineHost.ActivateAsync(records, cache: new ValueCache(0));
        Assert.Equal(Expected(), await shard.ReadAllAsync());

        // Enough is outdated that the old page is written again.
        for (var i = 0; i < 150; i++)
        {
            await shard.PutAsync([.. Enumerable.Range(0, 15).Select(j => (Samples.Key((i * 15 + j) % Keys), Value(-i)))]);
        }

        Assert.DoesNotContain(shard.Log.Image.Pages, page => page.Bytes > CompactionPlan.MaxPageBytes);
        Assert.Equal(await shard.ReadAllAsync(), await (await EngineHost.ActivateAsync(records)).ReadAllAsync());
    });

    [Fact]
    public Task A_superseded_activation_returns_nothing_that_another_has_replaced() => EngineHost.RunAsync(async () =>
    {
        var records = await FillAsync();
        var superseded = await EngineHost.ActivateAsync(records, cache: new ValueCache(0));
        var other = await EngineHost.ActivateAsync(records);
        for (var i = 0; i < 4 * Keys; i += 200)
        {
            await other.PutAsync([.. Enumerable.Range(i, 200).Select(j => (Samples.Key(j % Keys), Value(-j)))]);
        }

        await Assert.ThrowsAsync<IOException>(superseded.ReadAllAsync);
        Assert.True(superseded.Log.IsSuperseded);
    });

    [Fact]
    public Task A_superseded_activation_that_has_loaded_anew_has_no_older_value_in_the_cache() => EngineHost.RunAsync(async () =>
    {
        var records = await FillAsync();
        var cache = new ValueCache(8 << 20);
        var superseded = await EngineHost.ActivateAsync(records, cache: cache);
        await superseded.ReadAllAsync();
        var other = await EngineHost.ActivateAsync(records);

        // More records than a log has slots: it cannot catch up.
        foreach (var some in Enumerable.Range(0, Keys).Chunk(5))
        {
            await other.PutAsync([.. some.Select(i => (Samples.Key(i), Value(-i)))]);
        }

        var image = superseded.Log.Image;
        await superseded.PutAsync(Samples.Key(-1), Value(0));
        Assert.NotSame(image, superseded.Log.Image);

        var values = await other.ReadAllAsync();
        Assert.All(values, held => Assert.True(!cache.TryGetOpen(held.Key, out var value) || value.Equals(held.Value)));
        Assert.Contains(values.Keys, key => cache.TryGetOpen(key, out _));
    });

    [Fact]
    public Task Decisions_know_values_that_are_in_pages_alone() => EngineHost.RunAsync(async () =>
    {
        var records = await FillAsync();
        var shard = await EngineHost.ActivateAsync(records, cache: new ValueCache(0));
        var (writes, pages) = (records.Writes, CountPages(records));
        Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(1), Value(1)));
        Assert.Equal((writes, 1), (records.Writes, pages.Count));

        Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(1), Value(2)));
        Assert.Equal(Value(2), (await shard.ReadAsync(Samples.Key(1)))[0]);
        Assert.True(await shard.RemoveAsync(Samples.Key(2)));
        Assert.Null((await shard.ReadAsync(Samples.Key(2)))[0]);
        Assert.Equal((writes + 2, 2), (records.Writes, pages.Count));
    });

    [Fact]
    public Task A_page_that_cannot_be_read_fails_its_own_reads_and_no_others() => EngineHost.RunAsync(async () =>
    {
        var records = await FillAsync();
        var shard = await EngineHost.ActivateAsync(records, cache: new ValueCache(0));
        records.FailRead = name => name.StartsWith("kad-shard-page", StringComparison.Ordinal);
        var (missing, isNew) = (shard.ReadAsync(Samples.Key(1)), shard.PutAsync(Samples.Key(-1), Value(0)));
        await Assert.ThrowsAsync<TimeoutException>(() => missing);
        Assert.Equal(StoreResult.Stored, await isNew);
        Assert.Equal(StoreResult.StorageFailed, await shard.PutAsync(Samples.Key(1), Value(2)));
        Assert.Equal(Value(0), (await shard.ReadAsync(Samples.Key(-1)))[0]);

        records.FailRead = _ => false;
        Assert.Equal(Value(1), (await shard.ReadAsync(Samples.Key(1)))[0]);
    });

    private static async Task<FakeRecords> FillAsync()
    {
        var (records, shard) = await EngineHost.StartAsync();
        foreach (var some in Expected().Chunk(20))
        {
            await shard.PutAsync([.. some.Select(pair => (pair.Key, pair.Value))]);
        }

        await shard.Log.BeginCompactionAsync();
        await shard.Completion;
        return records;
    }

    private static Dictionary<NodeId, StoredValue> Expected() => Enumerable.Range(0, Keys).ToDictionary(Samples.Key, Value);

    private static StoredValue Value(int number) =>
        Samples.Sized(0) with { Value = DhtValue.FromBytes([.. BitConverter.GetBytes(number), .. new byte[252]]) };

    private static List<string> CountPages(FakeRecords records)
    {
        var pages = new List<string>();
        records.FailRead = name =>
        {
            if (name.StartsWith("kad-shard-page", StringComparison.Ordinal))
            {
                pages.Add(name);
            }

            return false;
        };
        return pages;
    }
}

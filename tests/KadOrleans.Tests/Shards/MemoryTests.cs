using System.Runtime.CompilerServices;
using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>What a key takes of a silo's heap. Nothing else runs meanwhile.</summary>
[Collection(Alone.Name)]
public sealed class MemoryTests
{
    private const int Batch = 1000;

    [Theory]
    [InlineData(200_000, 64)]
    [InlineData(200_000, 256)]
    public void A_key_whose_value_is_in_storage_takes_at_most_68_bytes(int keys, int valueBytes) =>
        MeasureWithin(50, CostEstimate.IndexPerKey, () => Measure(keys, valueBytes, () => new ValueCache(0), hasContent: false));

    [Theory]
    [InlineData(100_000, 64)]
    [InlineData(100_000, 256)]
    public void A_cached_value_takes_no_more_heap_than_the_cache_counts(int keys, int valueBytes) => MeasureCached(keys, valueBytes);

    [Theory]
    [InlineData(130_000, 64)]
    [InlineData(200_000, 256)]
    [Trait("Tier", "Long")]
    public void Of_many_cached_values_too_none_takes_more_heap_than_the_cache_counts(int keys, int valueBytes) => MeasureCached(keys, valueBytes);

    private static void MeasureCached(int keys, int valueBytes)
    {
        var counted = CostEstimate.IndexPerKey + CachedValue.Overhead + valueBytes;
        MeasureWithin(0.6 * counted, counted, () => Measure(keys, valueBytes, () => new ValueCache(1L << 30), hasContent: true));
    }

    // Silos of tests before may still be stopping, and their heap comes and goes meanwhile.
    private static void MeasureWithin(double least, double most, Func<double?> measure)
    {
        var each = measure();
        for (var tries = 1; tries < 20 && !(each >= least && each <= most); tries++)
        {
            each = measure();
        }

        Assert.NotNull(each);
        Assert.InRange(each.Value, least, most);
    }

    /// <summary>What a key takes, in bytes. Null if the heap changed by something else.</summary>
    private static double? Measure(int keys, int valueBytes, Func<ValueCache> createCache, bool hasContent)
    {
        Fill(Batch, valueBytes, createCache(), hasContent);
        var before = ReadHeap();
        var each = MeasureHeld(keys, valueBytes, createCache, hasContent);
        var changed = ReadHeap() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each:0.0} bytes a key; the heap without them changed by {changed:n0} bytes");
        return Math.Abs(changed) <= keys ? each : null;
    }

    // Nothing of it is referred to when it has returned.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double MeasureHeld(int keys, int valueBytes, Func<ValueCache> createCache, bool hasContent)
    {
        var cache = createCache();
        var before = ReadHeap();
        var image = Fill(keys, valueBytes, cache, hasContent);
        var held = ReadHeap();
        Assert.Equal(keys, image.Shard.Count);
        return (held - before) / (double)keys;
    }

    // What other tests left is gone when its finalizers have run.
    private static long ReadHeap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Activates a shard whose pages have as many keys as 64 KiB hold.</summary>
    private static StorageImage Fill(int count, int valueBytes, ValueCache cache, bool hasContent)
    {
        var image = new StorageImage(StoreQuota.Unlimited, cache, new Manifest(), null);
        var perPage = CompactionPlan.MaxPageBytes / (EntryCodec.PutOverhead + valueBytes);
        for (var first = 0; first < count; first += perPage)
        {
            Entry[] changes =
                [.. Enumerable.Range(first, Math.Min(perPage, count - first)).Select(i => new Entry(Samples.Key(i), Samples.Sized(valueBytes)))];
            var entries = EntryCodec.Encode(changes);
            var page = new Page(first / perPage, 1, entries.Length) { ETag = $"{first:d20}" };
            var written = new WrittenPage(page, [.. changes.Select(ToPageEntry)]);
            image.Add(page, hasContent ? entries : written.EncodeKeys(), hasContent, written.EncodeOwners());
        }

        return image;
    }

    private static PageEntry ToPageEntry(Entry change) =>
        new(change.Key, EntryCodec.Encode([change]), change.Value!.Value.ContentLength);
}

/// <summary>Tests that measure memory. They run after the others, one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

using System.Runtime.CompilerServices;
using KadOrleans.Shards;

namespace KadOrleans.Lab;

/// <summary>What a key takes of a silo's heap. Nothing else may run in the process meanwhile.</summary>
internal static class ShardMemory
{
    public const string Needed = "memory keys KEYS BYTES storage|cache is needed: 1 to 10000000 keys, whose values have 1 to 8192 bytes each.";

    private const int MostKeys = 10_000_000;
    private const int MostBytes = 8192;
    private const int WarmUpKeys = 1000;

    /// <summary>Bytes of heap for each key of a shard that was just activated.</summary>
    /// <param name="args">How many keys, the bytes of each value, and whether values are in storage alone or in the cache too.</param>
    /// <returns>Null if the arguments are not these.</returns>
    public static double? TryMeasure(string[] args)
    {
        if (args is not [var count, var length, "storage" or "cache"]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var keys)
            || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            || keys is < 1 or > MostKeys
            || bytes is < 1 or > MostBytes)
        {
            return null;
        }

        var isCached = args[2] == "cache";
        Measure(WarmUpKeys, bytes, isCached);
        var before = ReadHeap();
        var each = Measure(keys, bytes, isCached);

        // What else changed the heap would count as the keys'.
        Assert.InRange(ReadHeap() - before, -keys, keys);
        return each;
    }

    // Nothing of it is referred to when it has returned.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double Measure(int keys, int valueBytes, bool isCached)
    {
        var cache = new ValueCache(isCached ? 1L << 30 : 0);
        var before = ReadHeap();
        var image = Fill(keys, valueBytes, cache, isCached);
        var held = ReadHeap();
        Assert.Equal(keys, image.Shard.Count);
        return (held - before) / (double)keys;
    }

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

    private static PageEntry ToPageEntry(Entry change) => new(change.Key, EntryCodec.Encode([change]), change.Value!.Value.ContentLength);
}

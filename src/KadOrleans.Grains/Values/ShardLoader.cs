using KadOrleans.Core.Values;
using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Reads a shard: its manifest, the keys of the pages that it names, and the log behind them. A page without a record of its keys is read
/// whole.
/// </summary>
internal sealed class ShardLoader(IRecordStorage storage, StoreQuota quota, ShardCache cache)
{
    /// <summary>A compaction by another activation moves the records being read. Five such moves in a row do not happen.</summary>
    private const int MaxTries = 5;

    /// <summary>The most records read concurrently.</summary>
    private const int MaxReads = 16;

    /// <summary>Reads the shard.</summary>
    /// <exception cref="InvalidOperationException">A newer release wrote it, or it changed during each try.</exception>
    /// <exception cref="InvalidDataException">A record is damaged.</exception>
    public async Task<ShardImage> LoadAsync(ShardLogRing ring)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var (manifest, etag) = await storage.ReadAsync<ShardManifestState>(StateNames.ShardManifest);
            var image = new ShardImage(quota, cache, manifest ?? new ShardManifestState(), etag);
            image.Shard.BeginLoad(0);
            if (image.IsSplit || (await ReadPagesAsync(image) && await ReadLogAsync(image, ring)))
            {
                image.Shard.EndLoad();
                return image;
            }
        }

        throw new InvalidOperationException($"{StateNames.ShardManifest} changed each time that its shard was read.");
    }

    /// <summary>Reads the pages of what another activation saved. Null if storage has other pages now. The end of its log is not read.</summary>
    /// <exception cref="InvalidDataException">A record is damaged.</exception>
    public async Task<ShardImage?> LoadAsync(ShardCargo cargo)
    {
        var image = new ShardImage(quota, cache, cargo.Manifest, cargo.ManifestETag);
        image.Shard.BeginLoad(0);
        if (!await ReadPagesAsync(image))
        {
            return null;
        }

        image.Append(ShardEntryCodec.Decode(cargo.Changes), cargo.Changes.Length, cargo.NextSequence);
        image.Shard.EndLoad();
        return image;
    }

    private async Task<bool> ReadPagesAsync(ShardImage image)
    {
        foreach (var references in image.Manifest.Pages.Chunk(MaxReads))
        {
            foreach (var read in await Task.WhenAll(references.Select(ReadAsync)))
            {
                if (read.Page is null)
                {
                    return false;
                }

                image.Add(read.Page, read.Entries, read.HasContent);
            }
        }

        return true;
    }

    private async Task<(ShardPage? Page, byte[] Entries, bool HasContent)> ReadAsync(ShardPageReference reference)
    {
        string? keysETag = null;
        if (reference.Slot >= ShardPage.FirstSlotWithKeys)
        {
            var (keys, etag) = await storage.ReadAsync<ShardPageKeysState>(StateNames.ShardPageKeys(reference.Slot));
            keysETag = etag;
            if (keys?.Compaction == reference.Compaction)
            {
                return (new ShardPage(reference.Slot, reference.Compaction, keys.PageBytes) { KeysETag = etag }, keys.Entries, false);
            }
        }

        var (page, pageETag) = await cache.PageReads.RunAsync(
            () => storage.ReadAsync<ShardPageState>(StateNames.ShardPage(reference.Slot)));
        return page?.Compaction == reference.Compaction
            ? (new ShardPage(reference.Slot, reference.Compaction, page.Entries.Length) { ETag = pageETag, KeysETag = keysETag }, page.Entries, true)
            : (null, [], false);
    }

    private static async Task<bool> ReadLogAsync(ShardImage image, ShardLogRing ring)
    {
        // Most shards have a short log: begin with one record, and read on in larger steps.
        for (var reads = 1; image.LogRecords < ShardLogRing.Slots && !image.IsSealed; reads = Math.Min(reads * 2, MaxReads))
        {
            var count = Math.Min(reads, ShardLogRing.Slots - image.LogRecords);
            var first = image.NextSequence;
            var places = await Task.WhenAll(Enumerable.Range(0, count).Select(i => ring.ReadAsync(first + i)));
            foreach (var (place, record) in places)
            {
                if (place != LogPlace.Written)
                {
                    return place == LogPlace.Free;
                }

                image.Append(record!);
            }
        }

        return true;
    }
}

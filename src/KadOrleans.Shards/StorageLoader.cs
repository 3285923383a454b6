namespace KadOrleans.Shards;

// Reads a shard: its manifest, the keys of the pages that it names, and the log behind them. A page without a record of its keys
// is read whole.
internal sealed class StorageLoader(IRecordStorage storage, StoreQuota quota, ValueCache cache)
{
    /// <summary>A compaction by another activation moves the records being read. Five such moves in a row are not expected.</summary>
    private const int MaxTries = 5;

    private const int MaxReads = 16;

    // InvalidOperationException: another build wrote it, or it changed during each try. InvalidDataException: a record is damaged.
    public async Task<StorageImage> LoadAsync(LogRing ring)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var (manifest, etag) = await storage.ReadAsync<Manifest>(RecordNames.Manifest);
            var image = new StorageImage(quota, cache, manifest ?? new Manifest(), etag);
            image.Shard.BeginLoad(0);
            if (image.IsSplit || (await ReadPagesAsync(image) && await ReadLogAsync(image, ring)))
            {
                image.Shard.EndLoad();
                return image;
            }
        }

        throw new InvalidOperationException($"{RecordNames.Manifest} changed each time that its shard was read.");
    }

    /// <summary>Reads the pages of what another activation saved. Null if storage has other pages now. The end of its log is not read.</summary>
    public async Task<StorageImage?> LoadAsync(MovedLog moved)
    {
        var image = new StorageImage(quota, cache, moved.Manifest, moved.ManifestETag);
        image.Shard.BeginLoad(0);
        if (!await ReadPagesAsync(image))
        {
            return null;
        }

        image.Replay(moved);
        image.Shard.EndLoad();
        return image;
    }

    private async Task<bool> ReadPagesAsync(StorageImage image)
    {
        foreach (var references in image.Manifest.Pages.Chunk(MaxReads))
        {
            foreach (var read in await Task.WhenAll(references.Select(ReadAsync)))
            {
                if (read.Page is null)
                {
                    return false;
                }

                image.Add(read.Page, read.Entries, read.HasContent, read.Owners);
            }
        }

        return true;
    }

    private async Task<(Page? Page, byte[] Entries, bool HasContent, byte[] Owners)> ReadAsync(PageReference reference)
    {
        string? keysETag = null;
        if (reference.Number >= Page.FirstWithKeys)
        {
            var (keys, etag) = await storage.ReadAsync<PageKeysRecord>(RecordNames.PageKeys(reference.Number));
            keysETag = etag;
            if (keys?.Compaction == reference.Compaction)
            {
                return (new Page(reference.Number, reference.Compaction, keys.PageBytes) { KeysETag = etag }, keys.Entries, false, keys.Owners);
            }
        }

        using var permit = await cache.PageReads.AcquireAsync();
        var (page, pageETag) = await storage.ReadAsync<PageRecord>(RecordNames.Page(reference.Number));
        return page?.Compaction == reference.Compaction
            ? (new Page(reference.Number, reference.Compaction, page.Entries.Length) { ETag = pageETag, KeysETag = keysETag }, page.Entries, true, [])
            : (null, [], false, []);
    }

    private static async Task<bool> ReadLogAsync(StorageImage image, LogRing ring)
    {
        // Most shards have a short log: begin with one record, and read on in larger steps.
        for (var reads = 1; image.LogRecords < LogRing.Slots && !image.IsSealed; reads = Math.Min(reads * 2, MaxReads))
        {
            var count = Math.Min(reads, LogRing.Slots - image.LogRecords);
            var first = image.NextSequence;
            var slots = await Task.WhenAll(Enumerable.Range(0, count).Select(i => ring.ReadAsync(first + i)));
            foreach (var (state, record) in slots)
            {
                if (state != SlotState.Written)
                {
                    return state == SlotState.Free;
                }

                image.Replay(record!);
            }
        }

        return true;
    }
}

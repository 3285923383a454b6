using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>The stored pages of a shard, each with the record of its keys.</summary>
internal sealed class PageRecords(IRecordStorage storage)
{
    /// <summary>The most pages read or emptied concurrently.</summary>
    public const int MaxParallel = 8;

    /// <summary>Reads the entries of a page, and notes its ETags.</summary>
    /// <exception cref="StorageConflictException">Its record has another page.</exception>
    public async Task<byte[]> ReadAsync(ShardPage page) => await TryReadAsync(page)
        ?? throw new StorageConflictException($"{StateNames.ShardPage(page.Slot)} was replaced by another activation.");

    /// <summary>The same. Returns null if its record has another page.</summary>
    public async Task<byte[]?> TryReadAsync(ShardPage page)
    {
        var (record, etag) = await storage.ReadAsync<ShardPageState>(StateNames.ShardPage(page.Slot));
        if (record is null || record.Compaction != page.Compaction)
        {
            return null;
        }

        if (page.HasKeys && page.KeysETag is null)
        {
            page.KeysETag = (await storage.ReadAsync<ShardPageKeysState>(StateNames.ShardPageKeys(page.Slot))).ETag;
        }

        page.ETag = etag;
        return record.Entries;
    }

    /// <summary>Writes a page in the place of the records with its ETags.</summary>
    /// <exception cref="StorageConflictException">There are others.</exception>
    public async Task WriteAsync(WrittenPage written)
    {
        var page = written.Page;
        var state = new ShardPageState { Compaction = page.Compaction, Entries = written.Encode() };
        if (page.HasKeys)
        {
            var keys = new ShardPageKeysState { Compaction = page.Compaction, PageBytes = page.Bytes, Entries = written.EncodeKeys() };
            page.KeysETag = await storage.WriteAsync(StateNames.ShardPageKeys(page.Slot), keys, page.KeysETag);
        }

        page.ETag = await storage.WriteAsync(StateNames.ShardPage(page.Slot), state, page.ETag);
    }

    /// <summary>Empties pages that were read or written.</summary>
    /// <exception cref="StorageConflictException">Their records have others by now.</exception>
    public async Task EmptyAsync(IEnumerable<ShardPage> pages)
    {
        foreach (var some in pages.Chunk(MaxParallel))
        {
            await Task.WhenAll(some.Select(EmptyAsync));
        }
    }

    private async Task EmptyAsync(ShardPage page)
    {
        // The page last: until then it is found again.
        if (page.KeysETag is not null)
        {
            page.KeysETag = await storage.WriteAsync(StateNames.ShardPageKeys(page.Slot), new ShardPageKeysState(), page.KeysETag);
        }

        await storage.WriteAsync(StateNames.ShardPage(page.Slot), new ShardPageState(), page.ETag);
    }
}

namespace KadOrleans.Shards;

/// <summary>The stored pages of a shard, each with the record of its keys.</summary>
internal sealed class PageStore(IRecordStorage storage)
{
    /// <summary>The most pages read or emptied concurrently.</summary>
    public const int MaxParallel = 8;

    /// <summary>Reads the entries of a page, and notes its ETags.</summary>
    /// <exception cref="StorageConflictException">Its record has another page.</exception>
    public async Task<byte[]> ReadAsync(Page page) => await TryReadAsync(page)
        ?? throw new StorageConflictException($"{RecordNames.Page(page.Number)} was replaced by another activation.");

    /// <summary>The same. Returns null if its record has another page.</summary>
    public async Task<byte[]?> TryReadAsync(Page page)
    {
        var (record, etag) = await storage.ReadAsync<PageRecord>(RecordNames.Page(page.Number));
        if (record is null || record.Compaction != page.Compaction)
        {
            return null;
        }

        if (page.HasKeys && page.KeysETag is null)
        {
            page.KeysETag = (await storage.ReadAsync<PageKeysRecord>(RecordNames.PageKeys(page.Number))).ETag;
        }

        page.ETag = etag;
        return record.Entries;
    }

    /// <summary>Writes a page over the records with its ETags.</summary>
    /// <exception cref="StorageConflictException">There are others.</exception>
    public async Task WriteAsync(WrittenPage written)
    {
        var page = written.Page;
        var state = new PageRecord { Compaction = page.Compaction, Entries = written.Encode() };
        if (page.HasKeys)
        {
            var keys = new PageKeysRecord { Compaction = page.Compaction, PageBytes = page.Bytes, Entries = written.EncodeKeys() };
            page.KeysETag = await storage.WriteAsync(RecordNames.PageKeys(page.Number), keys, page.KeysETag);
        }

        page.ETag = await storage.WriteAsync(RecordNames.Page(page.Number), state, page.ETag);
    }

    /// <summary>Empties pages that were read or written.</summary>
    /// <exception cref="StorageConflictException">Their records have others by now.</exception>
    public async Task EmptyAsync(IEnumerable<Page> pages)
    {
        foreach (var some in pages.Chunk(MaxParallel))
        {
            await Task.WhenAll(some.Select(EmptyAsync));
        }
    }

    private async Task EmptyAsync(Page page)
    {
        // The page last: until then it is found again.
        if (page.KeysETag is not null)
        {
            page.KeysETag = await storage.WriteAsync(RecordNames.PageKeys(page.Number), new PageKeysRecord(), page.KeysETag);
        }

        await storage.WriteAsync(RecordNames.Page(page.Number), new PageRecord(), page.ETag);
    }
}

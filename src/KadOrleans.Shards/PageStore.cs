namespace KadOrleans.Shards;

internal sealed class PageStore(IRecordStorage storage)
{
    public const int MaxParallel = 8;

    // Reads the entries of a page, and notes its ETags. StorageConflictException: its record has another page.
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

    // Writes pages over the records with their ETags. StorageConflictException: there are others.
    public async Task WriteAsync(IReadOnlyList<WrittenPage> pages)
    {
        await WriteKeysAsync(pages.Where(written => written.Page.HasKeys), written =>
            new PageKeysRecord
            {
                Compaction = written.Page.Compaction,
                PageBytes = written.Page.Bytes,
                Entries = written.EncodeKeys(),
                Owners = written.EncodeOwners(),
            });
        await WritePagesAsync(pages, written => new PageRecord { Compaction = written.Page.Compaction, Entries = written.Encode() });
    }

    // Empties pages that were read or written. StorageConflictException: their records have others by now.
    public async Task EmptyAsync(IEnumerable<Page> pages)
    {
        foreach (var some in pages.Select(page => new WrittenPage(page, [])).Chunk(MaxParallel))
        {
            // The page last: until then it is found again.
            await WriteKeysAsync(some.Where(one => one.Page.KeysETag is not null), _ => new PageKeysRecord());
            await WritePagesAsync(some, _ => new PageRecord());
        }
    }

    private Task WriteKeysAsync(IEnumerable<WrittenPage> pages, Func<WrittenPage, PageKeysRecord> encode) => WriteAsync(
        pages, page => new RecordWrite(RecordNames.PageKeys(page.Page.Number), encode(page), page.Page.KeysETag), (page, etag) => page.KeysETag = etag);

    private Task WritePagesAsync(IEnumerable<WrittenPage> pages, Func<WrittenPage, PageRecord> encode) => WriteAsync(
        pages, page => new RecordWrite(RecordNames.Page(page.Page.Number), encode(page), page.Page.ETag), (page, etag) => page.ETag = etag);

    private async Task WriteAsync(IEnumerable<WrittenPage> pages, Func<WrittenPage, RecordWrite> writeOf, Action<Page, string?> note)
    {
        WrittenPage[] written = [.. pages];
        foreach (var (page, etag) in written.Zip(await Task.WhenAll(storage.WriteAsync([.. written.Select(writeOf)]))))
        {
            note(page.Page, etag);
        }
    }
}

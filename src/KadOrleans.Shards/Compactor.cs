namespace KadOrleans.Shards;

// Moves a shard's log into its pages. It reads the pages that it replaces, some megabytes at most. Then it writes the manifest
// with a higher count of compactions. Only one activation can do that, so it claims the unused page records. Then it writes the
// pages, and then the manifest that names them. A crash before that leaves the old manifest and its pages valid; the next
// compaction overwrites the rest. Last it empties what is no longer needed. All steps concern the log as it was at the start.
// Records may be appended meanwhile, but not into slots that are emptied at the end.
internal sealed class Compactor(IRecordStorage storage, LogRing ring, ConcurrencyLimit limit)
{
    // When no write waits, the log is compacted at so many records or bytes: an activation reads them besides the pages.
    public const int IdleRecords = 96;

    public const long IdleBytes = 2 << 20;

    // At so many records or bytes it is compacted even if writes wait. A quarter of the slots remains in case compactions fail.
    public const int UrgentRecords = LogRing.Slots * 3 / 4;

    public const long UrgentBytes = 4 << 20;

    /// <summary>The values of so many bytes are in memory besides the cache. Further writes wait for the compaction.</summary>
    public const long MaxLogBytes = 8 << 20;

    /// <summary>A failed compaction is retried this many records later.</summary>
    public const int RecordsBetweenTries = 8;

    /// <summary>The most pages written concurrently. A put that arrives meanwhile waits behind a megabyte.</summary>
    private const int MaxWrites = 16;

    private readonly PageStore _pages = new(storage);

    /// <summary>Moves the current log into pages, unless it has ended: the seal would be in no page, and the log would go on.</summary>
    /// <exception cref="StorageConflictException">Another activation compacts or has compacted: the image is out of date.</exception>
    public async Task CompactAsync(StorageImage image)
    {
        using var permit = await limit.AcquireAsync();

        // It may have ended since the compaction was due.
        if (image.IsSealed)
        {
            return;
        }

        var plan = CompactionPlan.For(image);
        var (first, end) = (image.Manifest.FirstSequence, image.NextSequence);
        var content = new PageContent(image, plan.Retained.Count > 0);
        content.Add(image.BeginCompaction());
        foreach (var pages in plan.Replaced.Chunk(PageStore.MaxParallel))
        {
            // Before the manifest that frees them: later others may write there.
            var records = await Task.WhenAll(pages.Select(_pages.ReadAsync));
            foreach (var (page, entries) in pages.Zip(records))
            {
                content.Add(page, entries, isOldest: plan.Oldest.Contains(page));
            }
        }

        // Before the claim: later writes to these records change their ETags.
        var written = await FindFreeAsync(image, content.Split(), image.Manifest.Compaction + 1, content.IsWorthKeys);
        await image.WriteManifestAsync(storage, image.Manifest with { Compaction = image.Manifest.Compaction + 1 });
        foreach (var some in written.Chunk(MaxWrites))
        {
            await _pages.WriteAsync(some);
        }

        var pagesInUse = plan.Retained.Concat(written.Select(one => one.Page)).Select(page => new PageReference(page.Number, page.Compaction));
        var manifest = image.Manifest with { FirstSequence = end, Pages = [.. pagesInUse], LastVersion = image.LastVersion, Owner = image.Owner };
        var etag = await storage.WriteAsync([new(RecordNames.Manifest, manifest, image.ManifestETag)])[0];
        image.Compacted(manifest, etag, plan.Retained, written);
        await _pages.EmptyAsync(plan.Replaced);
        await ring.ReleaseAsync(first, end);
    }

    private async Task<List<WrittenPage>> FindFreeAsync(
        StorageImage image, List<IReadOnlyList<PageEntry>> pages, long compaction, bool hasKeys)
    {
        const int withKeys = Page.FirstWithKeys;
        var free = (hasKeys ? Enumerable.Range(withKeys, ValuePlace.MaxPage - withKeys) : Enumerable.Range(0, withKeys))
            .Where(number => image.FindPage(number) is null);
        var written = new List<WrittenPage>();
        foreach (var some in free.Zip(pages).Chunk(PageStore.MaxParallel))
        {
            written.AddRange(await Task.WhenAll(some.Select(async one =>
            {
                var page = new Page(one.First, compaction, one.Second.Sum(entry => entry.Bytes.Length))
                {
                    ETag = (await storage.ReadAsync<PageRecord>(RecordNames.Page(one.First))).ETag,
                    KeysETag = hasKeys ? (await storage.ReadAsync<PageKeysRecord>(RecordNames.PageKeys(one.First))).ETag : null,
                };
                return new WrittenPage(page, one.Second);
            })));
        }

        return written.Count == pages.Count
            ? written
            : throw new InvalidOperationException($"{RecordNames.Manifest} cannot name {pages.Count} more pages: use more shards.");
    }
}

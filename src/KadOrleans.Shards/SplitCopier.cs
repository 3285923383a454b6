namespace KadOrleans.Shards;

// Copies a sealed shard into the storage of its two halves, and then empties it. The halves are not active before they have a manifest. It
// is inserted last, and only if there is none. Pages are inserted too, never overwritten, each where there is no record yet. So several
// activations may copy at once, and a copy that was broken off leaves only records that no manifest names. A compaction reuses them.
internal sealed class SplitCopier(IRecordStorage storage, HalfRecords halves)
{
    /// <summary>The most bytes of pages that are in memory together, but for one longer page.</summary>
    private const int MaxBatchBytes = 4 << 20;

    private const int MaxWrites = 16;

    private readonly PageStore _pages = new(storage);

    public async Task<IReadOnlyList<HalfCopy>> FindMissingAsync()
    {
        var missing = new List<HalfCopy>();
        foreach (var (half, isUpper) in new[] { (halves.Lower, false), (halves.Upper, true) })
        {
            if ((await half.ReadAsync<Manifest>(RecordNames.Manifest)).Content is null)
            {
                missing.Add(new HalfCopy(half, isUpper));
            }
        }

        return missing;
    }

    /// <summary>Copies what halves are to have, and makes them complete.</summary>
    /// <exception cref="StorageConflictException">Another activation has replaced a page: the image is out of date.</exception>
    public async Task CopyAsync(StorageImage image, IReadOnlyList<HalfCopy> missing)
    {
        foreach (var pages in Batch(image.Pages.Where(page => page.Live > 0)))
        {
            var content = new PageContent(image, keepRemovals: false);
            foreach (var some in pages.Chunk(PageStore.MaxParallel))
            {
                foreach (var (page, entries) in some.Zip(await Task.WhenAll(some.Select(_pages.ReadAsync))))
                {
                    content.Add(page, entries, isOldest: true);
                }
            }

            await InsertAsync(content, missing);
        }

        var log = new PageContent(image, keepRemovals: false);
        log.Add(image.BeginCompaction());
        await InsertAsync(log, missing);
        foreach (var half in missing)
        {
            await half.CompleteAsync(image.LastVersion);
        }
    }

    /// <summary>Empties the shard, but for the seal. The halves must be complete.</summary>
    /// <exception cref="StorageConflictException">Another activation was first: the image is out of date.</exception>
    public async Task EmptyAsync(StorageImage image)
    {
        if (!image.IsSplit)
        {
            await image.WriteManifestAsync(
                storage, image.Manifest with { Compaction = image.Manifest.Compaction + 1, Seal = image.NextSequence - 1 });
        }

        var (first, seal) = (image.Manifest.FirstSequence, image.Manifest.Seal);
        if (image.Manifest.Pages.Count == 0 && first == seal)
        {
            return;
        }

        foreach (var references in image.Manifest.Pages.Chunk(PageStore.MaxParallel))
        {
            var pages = await Task.WhenAll(references.Select(reference => FindAsync(image, reference)));
            await _pages.EmptyAsync(pages.OfType<Page>());
        }

        var ring = new LogRing(storage);
        foreach (var some in Enumerable.Range(0, (int)(seal - first)).Chunk(PageStore.MaxParallel))
        {
            await Task.WhenAll(some.Select(i => ring.ReadAsync(first + i)));
        }

        await ring.ReleaseAsync(first, seal);
        await image.WriteManifestAsync(
            storage, image.Manifest with { Compaction = image.Manifest.Compaction + 1, FirstSequence = seal, Pages = [] });
    }

    // Null: it was emptied already.
    private async Task<Page?> FindAsync(StorageImage image, PageReference reference)
    {
        var page = image.FindPage(reference.Number) ?? new Page(reference.Number, reference.Compaction, 0);
        return page.ETag is not null || await _pages.TryReadAsync(page) is not null ? page : null;
    }

    private async Task InsertAsync(PageContent content, IReadOnlyList<HalfCopy> missing)
    {
        var wanted = content.Split(halves.Border)
            .Select(entries => (Half: missing.FirstOrDefault(half => half.IsUpper == entries[0].Key >= halves.Border), Entries: entries))
            .Where(page => page.Half is not null);
        foreach (var some in wanted.Chunk(MaxWrites))
        {
            await Task.WhenAll(some.Select(page => page.Half!.InsertAsync(page.Entries, content.IsWorthKeys)));
        }
    }

    private static IEnumerable<List<Page>> Batch(IEnumerable<Page> pages)
    {
        var batch = new List<Page>();
        var bytes = 0;
        foreach (var page in pages)
        {
            if (batch.Count > 0 && bytes + page.Bytes > MaxBatchBytes)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }

            batch.Add(page);
            bytes += page.Bytes;
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}

/// <summary>The records of a shard's halves. The upper one has the keys from the border on.</summary>
internal sealed record HalfRecords(IRecordStorage Lower, IRecordStorage Upper, NodeId Border);

internal sealed class HalfCopy(IRecordStorage storage, bool isUpper)
{
    /// <summary>What a copy counts as: a half's first compaction.</summary>
    private const long Compaction = 1;

    private readonly PageStore _pages = new(storage);
    private readonly List<PageReference> _written = [];
    private int _next;
    private int _nextWithKeys = Page.FirstWithKeys;

    public bool IsUpper => isUpper;

    public async Task InsertAsync(IReadOnlyList<PageEntry> entries, bool hasKeys)
    {
        for (int number; (number = hasKeys ? _nextWithKeys++ : _next++) < (hasKeys ? ValuePlace.MaxPage : Page.FirstWithKeys);)
        {
            var page = new Page(number, Compaction, entries.Sum(entry => entry.Bytes.Length));
            try
            {
                await _pages.WriteAsync([new WrittenPage(page, entries)]);
                _written.Add(new PageReference(number, Compaction));
                return;
            }
            catch (StorageConflictException)
            {
                // Another copy has written there.
            }
        }

        throw new InvalidOperationException("A half of a shard has no room for more pages.");
    }

    /// <summary>Names the pages in the half's manifest, unless another copy was first.</summary>
    public async Task CompleteAsync(long lastVersion)
    {
        try
        {
            await storage.WriteAsync([new(RecordNames.Manifest, new Manifest { Compaction = Compaction, Pages = _written, LastVersion = lastVersion }, null)])[0];
        }
        catch (StorageConflictException)
        {
            // It has the same values: no write was taken meanwhile.
        }
    }
}

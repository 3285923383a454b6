using KadOrleans.Core;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Copies a sealed shard into the storage of its two halves, and then empties it. The halves are not active before they have a manifest. It is
/// inserted last, and only if there is none. Pages are inserted too, never overwritten, each where there is no record yet. So several
/// activations may copy at once, and a copy that was broken off leaves only records that no manifest names. A compaction reuses them.
/// </summary>
/// <param name="storage">The shard's storage.</param>
/// <param name="lower">That of its lower half.</param>
/// <param name="upper">That of the upper one.</param>
/// <param name="shard">The shard.</param>
internal sealed class ShardCopier(IRecordStorage storage, IRecordStorage lower, IRecordStorage upper, ShardPrefix shard)
{
    /// <summary>What a copy counts as: a half's first compaction.</summary>
    private const long Compaction = 1;

    /// <summary>The most bytes of pages that are in memory together, but for one longer page.</summary>
    private const int MaxBatchBytes = 4 << 20;

    /// <summary>The most pages written concurrently.</summary>
    private const int MaxWrites = 16;

    private readonly PageRecords _pages = new(storage);
    private readonly NodeId _border = shard.Halves.Upper.Range.Prefix;

    /// <summary>The halves that are not complete yet.</summary>
    public async Task<IReadOnlyList<ShardHalf>> FindMissingAsync()
    {
        var missing = new List<ShardHalf>();
        foreach (var (half, isUpper) in new[] { (lower, false), (upper, true) })
        {
            if ((await half.ReadAsync<ShardManifestState>(StateNames.ShardManifest)).Content is null)
            {
                missing.Add(new ShardHalf(half, isUpper));
            }
        }

        return missing;
    }

    /// <summary>Copies what halves are to have, and makes them complete.</summary>
    /// <param name="image">The shard, sealed, and not being compacted.</param>
    /// <param name="missing">The halves.</param>
    /// <exception cref="StorageConflictException">Another activation has replaced a page: the image is out of date.</exception>
    public async Task CopyAsync(ShardImage image, IReadOnlyList<ShardHalf> missing)
    {
        foreach (var pages in Batch(image.Pages.Where(page => page.Live > 0)))
        {
            var content = new PageContent(image, keepRemovals: false);
            foreach (var some in pages.Chunk(PageRecords.MaxParallel))
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
            await half.CompleteAsync(Compaction);
        }
    }

    /// <summary>Empties the shard, but for the seal. The halves must be complete.</summary>
    /// <param name="image">The shard.</param>
    /// <exception cref="StorageConflictException">Another activation was first: the image is out of date.</exception>
    public async Task EmptyAsync(ShardImage image)
    {
        if (!image.IsSplit)
        {
            await WriteAsync(image, image.Manifest.FirstSequence, image.Manifest.Pages, image.NextSequence - 1);
        }

        var (first, seal) = (image.Manifest.FirstSequence, image.Manifest.Seal);
        if (image.Manifest.Pages.Count == 0 && first == seal)
        {
            return;
        }

        foreach (var references in image.Manifest.Pages.Chunk(PageRecords.MaxParallel))
        {
            var pages = await Task.WhenAll(references.Select(reference => FindAsync(image, reference)));
            await _pages.EmptyAsync(pages.OfType<ShardPage>());
        }

        var ring = new ShardLogRing(storage);
        foreach (var some in Enumerable.Range(0, (int)(seal - first)).Chunk(PageRecords.MaxParallel))
        {
            await Task.WhenAll(some.Select(i => ring.ReadAsync(first + i)));
        }

        await ring.ReleaseAsync(first, seal);
        await WriteAsync(image, seal, [], seal);
    }

    // Null: it was emptied already.
    private async Task<ShardPage?> FindAsync(ShardImage image, ShardPageReference reference)
    {
        var page = image.FindPage(reference.Slot) ?? new ShardPage(reference.Slot, reference.Compaction, 0);
        return page.ETag is not null || await _pages.TryReadAsync(page) is not null ? page : null;
    }

    private async Task WriteAsync(ShardImage image, long firstSequence, List<ShardPageReference> pages, long seal)
    {
        var manifest = new ShardManifestState
        {
            Compaction = image.Manifest.Compaction + 1,
            FirstSequence = firstSequence,
            Pages = pages,
            Seal = seal,
        };
        image.Claimed(manifest, await storage.WriteAsync(StateNames.ShardManifest, manifest, image.ManifestETag));
    }

    private async Task InsertAsync(PageContent content, IReadOnlyList<ShardHalf> missing)
    {
        var wanted = content.Split(_border)
            .Select(entries => (Half: missing.FirstOrDefault(half => half.IsUpper == entries[0].Key >= _border), Entries: entries))
            .Where(page => page.Half is not null);
        foreach (var some in wanted.Chunk(MaxWrites))
        {
            await Task.WhenAll(some.Select(page => page.Half!.InsertAsync(page.Entries, content.IsWorthKeys, Compaction)));
        }
    }

    private static IEnumerable<List<ShardPage>> Batch(IEnumerable<ShardPage> pages)
    {
        var batch = new List<ShardPage>();
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

/// <summary>A half of a shard that is being copied.</summary>
/// <param name="storage">Its storage.</param>
/// <param name="isUpper">Whether it has the upper keys.</param>
internal sealed class ShardHalf(IRecordStorage storage, bool isUpper)
{
    private readonly PageRecords _pages = new(storage);
    private readonly List<ShardPageReference> _written = [];
    private int _nextSlot;
    private int _nextSlotWithKeys = ShardPage.FirstSlotWithKeys;

    /// <summary>Whether it has the upper keys.</summary>
    public bool IsUpper => isUpper;

    /// <summary>Inserts a page.</summary>
    public async Task InsertAsync(IReadOnlyList<PageEntry> entries, bool hasKeys, long compaction)
    {
        for (int slot; (slot = hasKeys ? _nextSlotWithKeys++ : _nextSlot++) < (hasKeys ? ShardPlace.MaxSlot : ShardPage.FirstSlotWithKeys);)
        {
            var page = new ShardPage(slot, compaction, entries.Sum(entry => entry.Bytes.Length));
            try
            {
                await _pages.WriteAsync(new WrittenPage(page, entries));
                _written.Add(new ShardPageReference { Slot = slot, Compaction = compaction });
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
    public async Task CompleteAsync(long compaction)
    {
        try
        {
            await storage.WriteAsync(StateNames.ShardManifest, new ShardManifestState { Compaction = compaction, Pages = _written }, null);
        }
        catch (StorageConflictException)
        {
            // It has the same values: no write was taken meanwhile.
        }
    }
}

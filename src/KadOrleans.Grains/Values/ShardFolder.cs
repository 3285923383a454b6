using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Moves a shard's log into its pages. First the manifest is written with a higher count of folds: that claims the unused
/// page records, as of several activations only one can do it. Then the pages, then the manifest that names them; a crash
/// before it leaves the old manifest with all it names, and records that the next fold overwrites. Last, what is no longer
/// needed is emptied. All of it is about the log as it was at the beginning; more may be appended meanwhile, but not over
/// slots that are emptied at the end.
/// </summary>
internal sealed class ShardFolder(IRecordStorage storage, ShardLogRing ring)
{
    /// <summary>Pages read or emptied at once.</summary>
    private const int MaxParallel = 8;

    /// <summary>Pages written at once: a put that arrives meanwhile waits behind that many megabytes.</summary>
    private const int MaxWrites = 2;

    /// <summary>Moves the log, as it is now, into pages.</summary>
    /// <exception cref="StorageConflictException">Another activation folds, or did: the image is old.</exception>
    public async Task FoldAsync(ShardImage image)
    {
        var plan = FoldPlan.For(image);
        image.BeginFold();
        var (first, end) = (image.Manifest.FirstSequence, image.NextSequence);

        // Read before the claim: what is written to these records later changes their ETags.
        var slots = await FindFreeAsync(image, plan.Pages.Count);
        await ClaimAsync(image);
        var written = await WriteAsync(plan.Pages, slots, image.Manifest.Fold);

        ShardPage[] pages = [.. plan.Retained, .. written];
        var manifest = new ShardManifestState
        {
            Fold = image.Manifest.Fold,
            FirstSequence = end,
            Pages = [.. pages.Select(page => new ShardPageReference { Slot = page.Slot, Fold = page.Fold })],
        };
        var etag = await storage.WriteAsync(StateNames.ShardManifest, manifest, image.ManifestETag);
        image.Folded(manifest, etag, pages);
        await ReleaseAsync(plan.Replaced);
        await ring.ReleaseAsync(first, end);
    }

    private async Task<(int Slot, string? ETag)[]> FindFreeAsync(ShardImage image, int count)
    {
        var used = image.Manifest.Pages.Select(page => page.Slot).ToHashSet();
        var free = Enumerable.Range(0, int.MaxValue).Where(slot => !used.Contains(slot)).Take(count);
        var found = new List<(int, string?)>();
        foreach (var slots in free.Chunk(MaxParallel))
        {
            var records = await Task.WhenAll(slots.Select(slot => storage.ReadAsync<ShardPageState>(StateNames.ShardPage(slot))));
            found.AddRange(slots.Zip(records, (slot, record) => (slot, record.ETag)));
        }

        return [.. found];
    }

    private async Task ClaimAsync(ShardImage image)
    {
        var manifest = new ShardManifestState
        {
            Fold = image.Manifest.Fold + 1,
            FirstSequence = image.Manifest.FirstSequence,
            Pages = image.Manifest.Pages,
        };
        image.Claimed(manifest, await storage.WriteAsync(StateNames.ShardManifest, manifest, image.ManifestETag));
    }

    private async Task<List<ShardPage>> WriteAsync(
        IReadOnlyList<IReadOnlyList<ShardChange>> pages, (int Slot, string? ETag)[] slots, long fold)
    {
        var written = new List<ShardPage>();
        foreach (var some in pages.Zip(slots).Chunk(MaxWrites))
        {
            written.AddRange(await Task.WhenAll(some.Select(page => WriteAsync(page.First, page.Second, fold))));
        }

        return written;
    }

    private async Task<ShardPage> WriteAsync(IReadOnlyList<ShardChange> changes, (int Slot, string? ETag) place, long fold)
    {
        var entries = ShardEntryCodec.Encode(changes);
        var page = new ShardPageState { Fold = fold, Entries = entries };
        var etag = await storage.WriteAsync(StateNames.ShardPage(place.Slot), page, place.ETag);
        return new ShardPage(place.Slot, fold, etag, [.. changes.Select(change => change.Key)], entries.Length);
    }

    private async Task ReleaseAsync(IEnumerable<ShardPage> pages)
    {
        foreach (var some in pages.Chunk(MaxParallel))
        {
            await Task.WhenAll(some.Select(
                page => storage.WriteAsync(StateNames.ShardPage(page.Slot), new ShardPageState(), page.ETag)));
        }
    }
}

using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Moves a shard's log into its pages. First it writes the manifest with a higher count of compactions. Only one activation can do that, so
/// it claims the unused page records. Then it writes the pages, and then the manifest that names them. A crash before that leaves the old
/// manifest and its pages valid; the next compaction overwrites the rest. Last it empties what is no longer needed. All steps concern the
/// log as it was at the start. Records may be appended meanwhile, but not into slots that are emptied at the end.
/// </summary>
internal sealed class ShardCompactor(IRecordStorage storage, ShardLogRing ring)
{
    /// <summary>The most pages read or emptied concurrently.</summary>
    private const int MaxParallel = 8;

    /// <summary>The most pages written concurrently. A put that arrives meanwhile waits behind that many megabytes.</summary>
    private const int MaxWrites = 2;

    /// <summary>Moves the current log into pages.</summary>
    /// <exception cref="StorageConflictException">Another activation compacts or has compacted: the image is out of date.</exception>
    public async Task CompactAsync(ShardImage image)
    {
        var plan = CompactionPlan.For(image);
        image.BeginCompaction();
        var (first, end) = (image.Manifest.FirstSequence, image.NextSequence);

        // Read before the claim: later writes to these records change their ETags.
        var slots = await FindFreeAsync(image, plan.Pages.Count);
        await ClaimAsync(image);
        var written = await WriteAsync(plan.Pages, slots, image.Manifest.Compaction);

        ShardPage[] pages = [.. plan.Retained, .. written];
        var manifest = new ShardManifestState
        {
            Compaction = image.Manifest.Compaction,
            FirstSequence = end,
            Pages = [.. pages.Select(page => new ShardPageReference { Slot = page.Slot, Compaction = page.Compaction })],
        };
        var etag = await storage.WriteAsync(StateNames.ShardManifest, manifest, image.ManifestETag);
        image.Compacted(manifest, etag, pages);
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
            Compaction = image.Manifest.Compaction + 1,
            FirstSequence = image.Manifest.FirstSequence,
            Pages = image.Manifest.Pages,
        };
        image.Claimed(manifest, await storage.WriteAsync(StateNames.ShardManifest, manifest, image.ManifestETag));
    }

    private async Task<List<ShardPage>> WriteAsync(
        IReadOnlyList<IReadOnlyList<ShardChange>> pages, (int Slot, string? ETag)[] slots, long compaction)
    {
        var written = new List<ShardPage>();
        foreach (var some in pages.Zip(slots).Chunk(MaxWrites))
        {
            written.AddRange(await Task.WhenAll(some.Select(page => WriteAsync(page.First, page.Second, compaction))));
        }

        return written;
    }

    private async Task<ShardPage> WriteAsync(IReadOnlyList<ShardChange> changes, (int Slot, string? ETag) place, long compaction)
    {
        var entries = ShardEntryCodec.Encode(changes);
        var page = new ShardPageState { Compaction = compaction, Entries = entries };
        var etag = await storage.WriteAsync(StateNames.ShardPage(place.Slot), page, place.ETag);
        return new ShardPage(place.Slot, compaction, etag, [.. changes.Select(change => change.Key)], entries.Length);
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

/// <summary>
/// What a compaction writes: new pages with all changes of the log, behind the pages that stay. Small pages at the end are merged into the
/// new ones. So the number of pages grows with the logarithm of the compactions. When more than half of the stored bytes are outdated, all
/// pages are rewritten.
/// </summary>
internal sealed record CompactionPlan(IReadOnlyList<ShardPage> Retained, IReadOnlyList<ShardPage> Replaced, IReadOnlyList<IReadOnlyList<ShardChange>> Pages)
{
    /// <summary>The most bytes of entries in one page, a size that all storage providers handle well.</summary>
    public const int MaxPageBytes = 1 << 20;

    /// <summary>Outdated bytes up to this are never a reason to rewrite: rewriting small shards gains nothing.</summary>
    private const int MinGarbageBytes = 64 << 10;

    /// <summary>Plans the compaction of a shard.</summary>
    public static CompactionPlan For(ShardImage image)
    {
        var shard = image.Shard;
        var liveBytes = shard.Bytes + ((long)shard.Count * (ShardEntryCodec.PutOverhead - StoredValue.FixedFootprint));
        var storedBytes = image.Pages.Sum(page => (long)page.Bytes) + image.LogBytes;
        if (storedBytes > (2 * liveBytes) + MinGarbageBytes)
        {
            return new CompactionPlan([], image.Pages.ToArray(), Split(shard, shard.Values.Keys, keepRemovals: false));
        }

        var keys = new HashSet<NodeId>(image.Changed);
        var bytes = keys.Sum(key => (long)ShardEntryCodec.LengthOf(shard.Values.GetValueOrDefault(key)));
        var retained = image.Pages.Count;
        while (retained > 0 && image.Pages[retained - 1] is var last && last.Bytes < MaxPageBytes / 2 && last.Bytes <= 2 * bytes)
        {
            keys.UnionWith(last.Keys);
            bytes += last.Bytes;
            retained--;
        }

        return new CompactionPlan(
            image.Pages[..retained], image.Pages[retained..], Split(shard, keys, keepRemovals: retained > 0));
    }

    /// <summary>Splits the keys' current values into pages. A removal is written only if an older page may have the value.</summary>
    private static List<IReadOnlyList<ShardChange>> Split(KeyShard shard, IEnumerable<NodeId> keys, bool keepRemovals)
    {
        var pages = new List<IReadOnlyList<ShardChange>>();
        List<ShardChange>? page = null;
        var bytes = 0;
        foreach (var key in keys)
        {
            var value = shard.Values.GetValueOrDefault(key);
            if (value is null && !keepRemovals)
            {
                continue;
            }

            var length = ShardEntryCodec.LengthOf(value);
            if (page is null || bytes + length > MaxPageBytes)
            {
                pages.Add(page = []);
                bytes = 0;
            }

            page.Add(new ShardChange(key, value));
            bytes += length;
        }

        return pages;
    }
}

using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Storage;

namespace KadOrleans.Grains.Values;

/// <summary>
/// Moves a shard's log into its pages. First the manifest is written with a higher count of compactions: that claims the unused
/// page records, as of several activations only one can do it. Then the pages, then the manifest that names them; a crash
/// before it leaves the old manifest with all it names, and records that the next compaction overwrites. Last, what is no longer
/// needed is emptied. All of it is about the log as it was at the beginning; more may be appended meanwhile, but not over
/// slots that are emptied at the end.
/// </summary>
internal sealed class ShardCompactor(IRecordStorage storage, ShardLogRing ring)
{
    /// <summary>Pages read or emptied at once.</summary>
    private const int MaxParallel = 8;

    /// <summary>Pages written at once: a put that arrives meanwhile waits behind that many megabytes.</summary>
    private const int MaxWrites = 2;

    /// <summary>Moves the log, as it is now, into pages.</summary>
    /// <exception cref="StorageConflictException">Another activation compacts, or did: the image is old.</exception>
    public async Task CompactAsync(ShardImage image)
    {
        var plan = CompactionPlan.For(image);
        image.BeginCompaction();
        var (first, end) = (image.Manifest.FirstSequence, image.NextSequence);

        // Read before the claim: what is written to these records later changes their ETags.
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
/// What a compaction writes: new pages with all that the log changed, behind the pages that stay. Small pages at the end are
/// merged into the new ones, so that their number grows with the logarithm of the compactions; when more than half of what is
/// stored is outdated, all pages are written anew.
/// </summary>
internal sealed record CompactionPlan(IReadOnlyList<ShardPage> Retained, IReadOnlyList<ShardPage> Replaced, IReadOnlyList<IReadOnlyList<ShardChange>> Pages)
{
    /// <summary>The longest entries of one page in bytes: what the providers' records bear well.</summary>
    public const int MaxPageBytes = 1 << 20;

    /// <summary>Outdated bytes that are always borne, as rewriting small shards over and over gains nothing.</summary>
    private const int MinGarbageBytes = 64 << 10;

    /// <summary>Decides it.</summary>
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

    /// <summary>Pages of what the keys now come to. A removal is noted only if an older page may still have the value.</summary>
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

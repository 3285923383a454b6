namespace KadOrleans.Shards;

// Which pages a compaction replaces. It drops those that nobody needs. It takes the oldest ones if more than half of what is
// stored is outdated. It takes the newest ones if they are not much larger than the log. So a byte is written a few times, and a
// shard has the pages of few compactions. Oldest: replaced pages, older than all that stay, so their removals concern nothing.
internal sealed record CompactionPlan(IReadOnlyList<Page> Retained, IReadOnlyList<Page> Replaced, IReadOnlySet<Page> Oldest)
{
    /// <summary>The most bytes of entries in one page, unless a single one has more. A read of one value reads a page.</summary>
    public const int MaxPageBytes = 64 << 10;

    /// <summary>Outdated bytes up to this are never a reason to rewrite: rewriting small shards gains nothing.</summary>
    private const int MinGarbageBytes = 64 << 10;

    /// <summary>The newest pages are written again together while they have fewer bytes than this.</summary>
    private const int MaxMergedBytes = 1 << 20;

    /// <summary>The most bytes of the oldest pages that one compaction reads.</summary>
    private const long MaxCleanedBytes = 4 << 20;

    public static CompactionPlan For(StorageImage image)
    {
        var logBytes = image.Recent.Values.Sum(value => (long)EntryCodec.LengthOf(value));
        var retained = image.Pages.Where(page => page.Live > 0 || page.Removals > 0).ToList();
        var oldest = TakeOldest(image.Shard, retained, logBytes);
        TakeNewest(retained, logBytes);

        // Without older pages nothing is left that removals could concern.
        while (retained.Count > 0 && retained[0].Live == 0)
        {
            oldest.Add(retained[0]);
            retained.RemoveAt(0);
        }

        var stays = retained.ToHashSet();
        return new CompactionPlan(retained, [.. image.Pages.Where(page => !stays.Contains(page))], oldest);
    }

    private static HashSet<Page> TakeOldest(KeyShard shard, List<Page> retained, long logBytes)
    {
        // As if all were strangers' values: of the cluster's own, which are up to 16 bytes shorter, somewhat more may be outdated.
        var live = shard.Bytes + ((long)shard.Count * (EntryCodec.PutOverhead - StoredValue.FixedFootprint));
        var stored = retained.Sum(page => (long)page.Bytes) + logBytes;
        var most = Math.Clamp(2 * logBytes, 1 << 20, MaxCleanedBytes);
        var taken = new HashSet<Page>();
        for (var bytes = 0L; retained.Count > 0 && bytes < most && stored > (2 * live) + MinGarbageBytes; retained.RemoveAt(0))
        {
            taken.Add(retained[0]);
            bytes += retained[0].Bytes;
            stored -= retained[0].Garbage;
        }

        return taken;
    }

    // Pages of one compaction are sorted together, so they stay together.
    private static void TakeNewest(List<Page> retained, long bytes)
    {
        while (retained.Count > 0)
        {
            var first = retained.Count - 1;
            while (first > 0 && retained[first - 1].Compaction == retained[^1].Compaction)
            {
                first--;
            }

            var run = retained[first..].Sum(page => (long)page.Bytes);
            if (run >= MaxMergedBytes || run > 2 * bytes)
            {
                break;
            }

            retained.RemoveRange(first, retained.Count - first);
            bytes += run;
        }
    }
}

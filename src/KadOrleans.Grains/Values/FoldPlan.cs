using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

/// <summary>
/// What a fold writes: new pages with all that the log changed, behind the pages that stay. Small pages at the end are
/// merged into the new ones, so that their number grows with the logarithm of the folds; when more than half of what is
/// stored is outdated, all pages are written anew.
/// </summary>
internal sealed record FoldPlan(IReadOnlyList<ShardPage> Retained, IReadOnlyList<ShardPage> Replaced, IReadOnlyList<IReadOnlyList<ShardChange>> Pages)
{
    /// <summary>The longest entries of one page in bytes: what the providers' records bear well.</summary>
    public const int MaxPageBytes = 1 << 20;

    /// <summary>Outdated bytes that are always borne, as rewriting small shards over and over gains nothing.</summary>
    private const int MinGarbageBytes = 64 << 10;

    /// <summary>Decides it.</summary>
    public static FoldPlan For(ShardImage image)
    {
        var shard = image.Shard;
        var liveBytes = shard.Bytes + ((long)shard.Count * (ShardEntryCodec.PutOverhead - StoredValue.FixedFootprint));
        var storedBytes = image.Pages.Sum(page => (long)page.Bytes) + image.LogBytes;
        if (storedBytes > (2 * liveBytes) + MinGarbageBytes)
        {
            return new FoldPlan([], image.Pages.ToArray(), Split(shard, shard.Values.Keys, keepRemovals: false));
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

        return new FoldPlan(
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

namespace KadOrleans.Grains;

// One shard's part of the cluster's quotas. Shards do not call each other, and random keys do not spread evenly. So each shard
// gets twice its share, and a little more if the share is small, but never more than the whole. The cluster refuses values when
// one shard reaches its part. All shards together may hold up to about twice the whole.
internal static class ShardQuota
{
    /// <summary>The keys added to each share, and the values of the largest size.</summary>
    private const int ExtraKeys = 16;

    private const long ExtraBytes = ExtraKeys * (StoreRules.MaxContentLength + StoredValue.FixedFootprint);

    /// <summary>The quota of each of the 2 to the power of <paramref name="shardBits"/> shards.</summary>
    public static StoreQuota Of(StoreQuota whole, int shardBits) => shardBits == 0 ? whole : QuotaOption.All.Aggregate(
        whole,
        (quota, option) => option.Limit.IsWhole
            ? quota
            : option.Change(quota, Share(option.Read(whole), shardBits, option.Limit.Unit == "bytes" ? ExtraBytes : ExtraKeys)));

    private static long Share(long whole, int shardBits, long extra) =>
        (long)Int128.Min(whole, ((Int128)whole >> (shardBits - 1)) + extra);
}

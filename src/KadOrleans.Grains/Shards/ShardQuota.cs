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
    public static StoreQuota Of(StoreQuota whole, int shardBits) => shardBits == 0 ? whole : whole with
    {
        TotalKeys = (int)Share(whole.TotalKeys, shardBits, ExtraKeys),
        TotalBytes = Share(whole.TotalBytes, shardBits, ExtraBytes),
        KeysPerSource = (int)Share(whole.KeysPerSource, shardBits, ExtraKeys),
        BytesPerSource = Share(whole.BytesPerSource, shardBits, ExtraBytes),
        KeysPerSubnet = (int)Share(whole.KeysPerSubnet, shardBits, ExtraKeys),
        BytesPerSubnet = Share(whole.BytesPerSubnet, shardBits, ExtraBytes),
        KeysPerOwner = (int)Share(whole.KeysPerOwner, shardBits, ExtraKeys),
        BytesPerOwner = Share(whole.BytesPerOwner, shardBits, ExtraBytes),
        KeptKeys = (int)Share(whole.KeptKeys, shardBits, ExtraKeys),
        ChangesPerSource = (int)Share(whole.ChangesPerSource, shardBits, ExtraKeys),
        ChangesPerSubnet = (int)Share(whole.ChangesPerSubnet, shardBits, ExtraKeys),
    };

    private static long Share(long whole, int shardBits, long extra) =>
        (long)Int128.Min(whole, ((Int128)whole >> (shardBits - 1)) + extra);
}

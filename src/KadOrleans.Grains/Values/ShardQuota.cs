using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

/// <summary>
/// One shard's part of the cluster's quotas. Shards do not ask each other, so each is given its share twice over, and a
/// little more for small shares, as random keys do not spread evenly; never more than the whole. So a bound of the cluster
/// is reached when some shard reaches its own, and all shards together may hold up to about twice the whole.
/// </summary>
internal static class ShardQuota
{
    /// <summary>What a share is raised by: keys, and values of the largest size.</summary>
    private const int ExtraKeys = 16;

    private const long ExtraBytes = ExtraKeys * (StoreRules.MaxContentLength + StoredValue.FixedFootprint);

    /// <summary>The quota of one of 2 to the power of <paramref name="shardBits"/> shards.</summary>
    public static StoreQuota Of(StoreQuota whole, int shardBits) => shardBits == 0 ? whole : new StoreQuota
    {
        TotalKeys = (int)Share(whole.TotalKeys, shardBits, ExtraKeys),
        TotalBytes = Share(whole.TotalBytes, shardBits, ExtraBytes),
        KeysPerSource = (int)Share(whole.KeysPerSource, shardBits, ExtraKeys),
        BytesPerSource = Share(whole.BytesPerSource, shardBits, ExtraBytes),
        KeysPerSubnet = (int)Share(whole.KeysPerSubnet, shardBits, ExtraKeys),
        BytesPerSubnet = Share(whole.BytesPerSubnet, shardBits, ExtraBytes),
        ReservePercent = whole.ReservePercent,
        ChangesPerSource = (int)Share(whole.ChangesPerSource, shardBits, ExtraKeys),
        ChangesPerSubnet = (int)Share(whole.ChangesPerSubnet, shardBits, ExtraKeys),
    };

    private static long Share(long whole, int shardBits, long extra) =>
        (long)Int128.Min(whole, ((Int128)whole >> (shardBits - 1)) + extra);
}

namespace KadOrleans.Core.Values;

/// <summary>
/// Makes keys and bytes one number, so that networks can be compared: a network weighs as much as the larger of its two shares,
/// of the keys that a store may hold and of the bytes.
/// </summary>
internal readonly struct UsageScale(StoreQuota quota)
{
    private readonly long _bytesPerKey = quota.TotalKeys == 0 ? 0 : quota.TotalBytes / quota.TotalKeys;

    /// <summary>The weight of a usage, in bytes.</summary>
    public long Weigh(int keys, long bytes) => Math.Max(keys * _bytesPerKey, bytes);
}

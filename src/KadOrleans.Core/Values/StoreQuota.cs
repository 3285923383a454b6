namespace KadOrleans.Core.Values;

/// <summary>
/// Bounds of what a node holds for others; each is 0 or more. When one is reached, a new value evicts others or is refused (ADR 16).
/// </summary>
public sealed record StoreQuota
{
    /// <summary>The largest part of a store that may be reserved, in percent: strangers' far values need room too.</summary>
    public const int MaxReservePercent = 90;

    /// <summary>No bounds: for stores that only trusted code fills.</summary>
    public static StoreQuota Unlimited => QuotaOption.All.Aggregate(
        new StoreQuota(), (quota, option) => option.Change(quota, option.Limit.IsWhole ? 0 : (long)option.Bounds.Most));

    /// <summary>A quota of this size, of which one source, one subnet and one owner may have the same parts as by default.</summary>
    /// <param name="keys">Keys in all, 1 or more.</param>
    /// <param name="bytes">Footprint of all values in bytes, 1 or more.</param>
    public static StoreQuota OfTotal(int keys, long bytes) => new()
    {
        TotalKeys = keys,
        TotalBytes = bytes,
        KeysPerSource = Math.Max(1, keys / 10),
        BytesPerSource = Math.Max(1, bytes / 10),
        KeysPerSubnet = Math.Max(1, keys / 5),
        BytesPerSubnet = Math.Max(1, bytes / 5),
        KeysPerOwner = Math.Max(1, keys / 10),
        BytesPerOwner = Math.Max(1, bytes / 10),
        KeptKeys = Math.Max(1, keys / 10),
    };

    /// <summary>Keys in all. Default 1,000,000.</summary>
    [Within(0, int.MaxValue)]
    [LiveLimit("keys", IsBoundByMemory = true)]
    public int TotalKeys { get; set; } = 1_000_000;

    /// <summary>Footprint of all values in bytes. Default 1 GiB.</summary>
    [Within(0, long.MaxValue)]
    [LiveLimit("bytes")]
    public long TotalBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Items that are kept for their owners, which count as other keys do, too. Default 100,000: a tenth of the whole. Each is sent again each
    /// hour; what is kept beyond a lower limit stays.
    /// </summary>
    [Within(0, int.MaxValue)]
    [LiveLimit("keys")]
    public int KeptKeys { get; set; } = 100_000;

    /// <summary>Keys of one source. Default 100,000: a tenth of the whole.</summary>
    [Within(0, int.MaxValue)]
    [LiveLimit("keys")]
    public int KeysPerSource { get; set; } = 100_000;

    /// <summary>Footprint of one source's values in bytes. Default 100 MiB: a tenth of the whole.</summary>
    [Within(0, long.MaxValue)]
    [LiveLimit("bytes")]
    public long BytesPerSource { get; set; } = 100L << 20;

    /// <summary>
    /// Keys of one subnet, an IPv4 /24 or an IPv6 /48. Default 200,000: a fifth of the whole. Private, link-local and loopback
    /// addresses are exempt.
    /// </summary>
    [Within(0, int.MaxValue)]
    [LiveLimit("keys")]
    public int KeysPerSubnet { get; set; } = 200_000;

    /// <summary>Footprint of one subnet's values in bytes, with the same exemption. Default 200 MiB: a fifth of the whole.</summary>
    [Within(0, long.MaxValue)]
    [LiveLimit("bytes")]
    public long BytesPerSubnet { get; set; } = 200L << 20;

    /// <summary>
    /// Signed items of one owner (BEP 44), whoever sends them: so many near ones, and as many far ones. Default 100,000: a tenth of the whole. Beyond
    /// it items of new keys are refused, and none is evicted; the next item of a key takes the place of a held one always. What is kept, published or
    /// from a trusted source is not counted.
    /// </summary>
    [Within(0, int.MaxValue)]
    [LiveLimit("keys")]
    public int KeysPerOwner { get; set; } = 100_000;

    /// <summary>Footprint of one owner's items in bytes, near or far, with the same exemptions. Default 100 MiB: a tenth of the whole.</summary>
    [Within(0, long.MaxValue)]
    [LiveLimit("bytes")]
    public long BytesPerOwner { get; set; } = 100L << 20;

    /// <summary>
    /// The part of <see cref="TotalKeys"/> and of <see cref="TotalBytes"/> that strangers' values cannot take if this node is
    /// not among the k nearest to their keys. Percent, 0 to <see cref="MaxReservePercent"/>; default 20. Too little, and a
    /// flood evicts near values sooner; too much, and less is held for others. Of a subnet's quota it is also the part
    /// up to which its near values evict far ones of networks that use less.
    /// </summary>
    [Within(0, MaxReservePercent)]
    [LiveLimit("percent", IsWhole = true)]
    public int ReservePercent { get; set; } = 20;

    /// <summary>
    /// Live values that one source may change in an hour although another one stored them; as many at once. Default 600: a
    /// publisher whose address changed goes on unhindered. Private, link-local and loopback addresses are exempt.
    /// </summary>
    [Within(0, int.MaxValue)]
    [LiveLimit("changes per hour")]
    public int ChangesPerSource { get; set; } = 600;

    /// <summary>The limit of changes for a subnet, with the same exemption. Default 2,400.</summary>
    [Within(0, int.MaxValue)]
    [LiveLimit("changes per hour")]
    public int ChangesPerSubnet { get; set; } = 2_400;

    // An operator changed the quota: a store that has more keeps it and takes no further key. Otherwise each put makes room.
    internal bool KeepsHeld { get; init; }

    internal long FarKeys => Without(TotalKeys);

    internal long FarBytes => Without(TotalBytes);

    // Near keys of one subnet that take the place of anybody's far ones: its part of the reserve. Further ones do so only where
    // others use more. No bound for who may have the whole.
    internal long NearKeysPerSubnet => KeysPerSubnet >= TotalKeys ? long.MaxValue : (long)KeysPerSubnet * ReservePercent / 100;

    internal long NearBytesPerSubnet =>
        BytesPerSubnet >= TotalBytes ? long.MaxValue : (long)((Int128)BytesPerSubnet * ReservePercent / 100);

    private long Without(long total) => total - (long)((Int128)total * ReservePercent / 100);
}

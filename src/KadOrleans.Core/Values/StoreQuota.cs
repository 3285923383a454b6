namespace KadOrleans.Core.Values;

/// <summary>How much a node holds for others. A bound that is reached refuses new values; it evicts none.</summary>
public sealed record StoreQuota
{
    /// <summary>No bounds: for stores that only trusted code fills.</summary>
    public static StoreQuota Unlimited { get; } = new()
    {
        TotalKeys = int.MaxValue,
        TotalBytes = long.MaxValue,
        KeysPerSource = int.MaxValue,
        BytesPerSource = long.MaxValue,
    };

    /// <summary>Keys in all. Default 1,000,000.</summary>
    public int TotalKeys { get; init; } = 1_000_000;

    /// <summary>Footprint of all values in bytes, held in memory. Default 1 GiB.</summary>
    public long TotalBytes { get; init; } = 1L << 30;

    /// <summary>Keys of one source. Default 100,000: a tenth of the whole.</summary>
    public int KeysPerSource { get; init; } = 100_000;

    /// <summary>Footprint of one source's values in bytes. Default 100 MiB: a tenth of the whole.</summary>
    public long BytesPerSource { get; init; } = 100L << 20;
}

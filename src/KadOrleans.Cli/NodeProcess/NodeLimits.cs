namespace KadOrleans.Cli;

/// <summary>What a node may take of its machine, and the quotas that follow. The room on the disk is null without a data folder.</summary>
public sealed record NodeLimits(long MemoryBytes, long? DiskBytes)
{
    // Runtime, contacts, buffers.
    private const long EmptyNodeBytes = 128 << 20;
    private const long MostCacheByDefault = 64 << 20;
    private const int CachePart = 8;

    // In memory, as each value is an object.
    private const int MostInMemoryByDefault = 1_000_000;
    private const long MostBytesInMemoryByDefault = 1L << 30;
    private const long MemoryPerKeyInMemory = 512;

    /// <summary>The limits of this process. Its data folder need not be there; null is none.</summary>
    public static NodeLimits Read(string? folder) =>
        new(StoreLimits.ReadMemory(), folder is null ? null : StoreLimits.ReadDisk(folder, "kad.db*"));

    /// <summary>The quotas for what was asked for: keys and bytes in all, and bytes in memory. Null is what the limits allow.</summary>
    public (StoreQuota Quota, long CacheBytes) Plan(int? maxKeys, long? maxBytes, long? cache)
    {
        if (DiskBytes is not { } disk)
        {
            var most = Math.Clamp(MemoryBytes / 2 / MemoryPerKeyInMemory, StoreLimits.LeastKeysByDefault, MostInMemoryByDefault);
            return (StoreQuota.OfTotal(maxKeys ?? (int)most, maxBytes ?? Math.Min(MemoryBytes / 2, MostBytesInMemoryByDefault)), 0);
        }

        var limits = OnDisk(disk);
        var cached = cache ?? Math.Min(MostCacheByDefault, MemoryBytes / CachePart);
        var keys = maxKeys ?? limits.KeysByDefault(cached);
        var (name, value) = maxKeys is null ? ("--cache", cached) : ("--max-keys", keys);
        var setting = string.Create(CultureInfo.InvariantCulture, $"{name} is '{value}'");
        if (limits.FindProblem(keys, cached, setting) is { } problem)
        {
            throw CommandException.WrongUsage(problem);
        }

        return (StoreQuota.OfTotal(keys, maxBytes ?? limits.BytesByDefault(keys)), cached);
    }

    /// <summary>The most keys that memory can hold beside a cache: no limit that is changed later may exceed it.</summary>
    public int MostKeys(long cache) => DiskBytes is { } disk
        ? OnDisk(disk).MostKeys(cache)
        : (int)Math.Min(MemoryBytes / MemoryPerKeyInMemory, int.MaxValue);

    private StoreLimits OnDisk(long disk) => new("node", MemoryBytes, disk, EmptyNodeBytes);
}

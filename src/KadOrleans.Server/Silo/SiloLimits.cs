using System.Globalization;

namespace KadOrleans.Server;

// The memory and disk that the only silo of a cluster may use, its present file included. One of several cannot know its share.
internal sealed record SiloLimits(long MemoryBytes, long DiskBytes)
{
    public static SiloLimits Read(string folder) => new(StoreLimits.ReadMemory(), StoreLimits.ReadDisk(folder, "kad-grains.db*"));

    private StoreLimits Limits => new("silo", MemoryBytes, DiskBytes, KadClusterOptions.EmptySiloBytes) { IsSharded = true };

    /// <summary>Sets the totals of the quota that the configuration does not give.</summary>
    public void SetTotals(KadClusterOptions options, bool hasKeys, bool hasBytes)
    {
        var quota = options.Quota;
        quota.TotalKeys = hasKeys ? quota.TotalKeys : Limits.KeysByDefault(CacheOf(options));
        quota.TotalBytes = hasBytes ? quota.TotalBytes : Limits.BytesByDefault(quota.TotalKeys);
    }

    /// <summary>Throws if memory cannot hold the quota and the cache.</summary>
    public void Check(KadClusterOptions options, bool hasKeys)
    {
        var cache = CacheOf(options);
        var (name, value) = hasKeys ? ("Quota:TotalKeys", options.Quota.TotalKeys) : ("Cache", cache);
        var setting = string.Create(CultureInfo.InvariantCulture, $"Kad:Cluster:{name} is {value}");
        options.MostKeys = Limits.MostKeys(cache);
        if (Limits.FindProblem(options.Quota.TotalKeys, cache, setting) is { } problem)
        {
            throw KadSettings.Mistake(problem);
        }
    }

    private static long CacheOf(KadClusterOptions options) => options.Cache ?? KadClusterOptions.DefaultCache;
}

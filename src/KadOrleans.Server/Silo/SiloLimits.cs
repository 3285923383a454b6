using System.Globalization;

namespace KadOrleans.Server;

// The memory and disk that the only silo of a cluster may use, its present file included. One of several cannot know its share.
internal sealed record SiloLimits(long MemoryBytes, long DiskBytes)
{
    public static SiloLimits Read(string folder) => new(StoreLimits.ReadMemory(), StoreLimits.ReadDisk(folder, "kad-grains.db*"));

    public void Apply(KadClusterOptions options, bool hasQuota)
    {
        var limits = new StoreLimits("silo", MemoryBytes, DiskBytes, KadClusterOptions.EmptySiloBytes) { IsSharded = true };
        var cache = options.Cache ?? KadClusterOptions.DefaultCache;
        if (!hasQuota)
        {
            var keys = limits.KeysByDefault(cache);
            options.Quota = StoreQuota.OfTotal(keys, limits.BytesByDefault(keys));
        }

        var (name, value) = hasQuota ? ("Quota:TotalKeys", options.Quota.TotalKeys) : ("Cache", cache);
        var setting = string.Create(CultureInfo.InvariantCulture, $"Kad:Cluster:{name} is {value}");
        options.MostKeys = limits.MostKeys(cache);
        if (limits.FindProblem(options.Quota.TotalKeys, cache, setting) is { } problem)
        {
            throw KadSettings.Mistake(problem);
        }
    }
}

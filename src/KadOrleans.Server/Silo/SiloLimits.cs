using System.Globalization;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Hosting;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Silo.Hosting;

/// <summary>
/// What the only silo of a cluster may take of its machine, and the quotas that follow. Several silos share the keys, so none of them can
/// tell how many fit.
/// </summary>
/// <param name="MemoryBytes">Memory that the process may use.</param>
/// <param name="DiskBytes">Room on the disk of its data folder, what its file takes included.</param>
internal sealed record SiloLimits(long MemoryBytes, long DiskBytes)
{
    /// <summary>The limits of this process.</summary>
    public static SiloLimits Read(string folder) => new(StoreLimits.ReadMemory(), StoreLimits.ReadDisk(folder, "kad-grains.db*"));

    /// <summary>Sets the quota if the configuration has none.</summary>
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

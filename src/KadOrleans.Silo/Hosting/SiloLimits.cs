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
    // Each shard may hold twice its share, and keys at random fill all shards alike.
    private const long Spread = 2;

    // Keys of as many networks as there are keys take more than the index.
    private const long MemoryPerKeyByDefault = 3 * KeyIndex.BytesPerKey / 2;
    private const int LeastByDefault = 1_000;
    private const int MostByDefault = 10_000_000;

    // What is stored takes at most twice what lives in it, and a compaction as much again for a moment.
    private const int DiskPerByte = 3;
    private const long BytesPerKeyByDefault = 1024;

    /// <summary>The limits of this process.</summary>
    /// <param name="folder">Its data folder, which need not be there.</param>
    public static SiloLimits Read(string folder)
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        try
        {
            var existing = Path.GetFullPath(folder);
            while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            {
                existing = parent;
            }

            var held = Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("kad-grains.db*").Sum(file => file.Length) : 0;
            return new SiloLimits(memory, new DriveInfo(existing).AvailableFreeSpace + held);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Opening the folder says what is wrong with it.
            return new SiloLimits(memory, long.MaxValue);
        }
    }

    /// <summary>Sets the quota if the configuration has none.</summary>
    /// <param name="options">The options as configured.</param>
    /// <param name="hasQuota">Whether the configuration has a quota.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">Memory cannot hold the index and the cache.</exception>
    public void Apply(KadClusterOptions options, bool hasQuota)
    {
        var cache = options.Cache ?? KadClusterOptions.DefaultCache;
        var left = MemoryBytes - KadClusterOptions.EmptySiloBytes - cache;
        if (!hasQuota)
        {
            var keys = (int)Math.Clamp(left / 2 / MemoryPerKeyByDefault / Spread, LeastByDefault, MostByDefault);
            options.Quota = StoreQuota.OfTotal(keys, Math.Clamp(keys * BytesPerKeyByDefault, 1, Math.Max(1, DiskBytes / DiskPerByte / Spread)));
        }

        var index = Spread * options.Quota.TotalKeys * KeyIndex.BytesPerKey;
        if (index > left)
        {
            var setting = hasQuota ? $"Kad:Cluster:Quota:TotalKeys is {Text(options.Quota.TotalKeys)}" : $"Kad:Cluster:Cache is {Text(cache)}";
            throw KadSection.Mistake(
                $"{setting}; a silo with {Text(Spread * options.Quota.TotalKeys)} keys, twice the quota, and a cache of {Text(cache)} bytes needs {Text(index + cache + KadClusterOptions.EmptySiloBytes)} bytes of memory, and this process may use {Text(MemoryBytes)}.");
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using KadOrleans.Core.Values;

namespace KadOrleans.Cli.Hosting;

/// <summary>What a node may take of its machine, and the quotas that follow.</summary>
/// <param name="MemoryBytes">Memory that the process may use.</param>
/// <param name="DiskBytes">Room on the disk of its data folder, what the folder takes already included; null without a folder.</param>
internal sealed record NodeLimits(long MemoryBytes, long? DiskBytes)
{
    /// <summary>Memory of a node that holds nothing: runtime, contacts, buffers.</summary>
    public const long EmptyNodeBytes = 128 << 20;

    /// <summary>Keys that no default exceeds: with more, a start takes longer than five seconds.</summary>
    public const int MostByDefault = 10_000_000;

    private const int LeastByDefault = 1_000;
    private const long MostCacheByDefault = 64 << 20;
    private const int CachePart = 8;

    // Keys of as many networks as there are keys take more than the index.
    private const long MemoryPerKeyByDefault = 3 * KeyIndex.BytesPerKey / 2;

    // The log of values takes at most twice what lives in it.
    private const int DiskPerByte = 3;
    private const long BytesPerKeyByDefault = 1024;

    // In memory, as each value is an object.
    private const int MostInMemoryByDefault = 1_000_000;
    private const long MostBytesInMemoryByDefault = 1L << 30;
    private const long MemoryPerKeyInMemory = 512;

    /// <summary>The limits of this process.</summary>
    /// <param name="folder">Its data folder, which need not be there; null for none.</param>
    public static NodeLimits Read(string? folder) =>
        new(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, folder is null ? null : ReadDisk(Path.GetFullPath(folder)));

    /// <summary>The quotas for what was asked for.</summary>
    /// <param name="maxKeys">Keys in all; null for what the limits allow.</param>
    /// <param name="maxBytes">Bytes of values in all; null for what the limits allow.</param>
    /// <param name="cache">Bytes of values in memory; null for what the limits allow.</param>
    /// <exception cref="CommandException">The memory cannot hold the index and the cache.</exception>
    public (StoreQuota Quota, long CacheBytes) Plan(int? maxKeys, long? maxBytes, long? cache)
    {
        if (DiskBytes is not { } disk)
        {
            var most = Math.Clamp(MemoryBytes / 2 / MemoryPerKeyInMemory, LeastByDefault, MostInMemoryByDefault);
            return (StoreQuota.OfTotal(maxKeys ?? (int)most, maxBytes ?? Math.Min(MemoryBytes / 2, MostBytesInMemoryByDefault)), 0);
        }

        var cached = cache ?? Math.Min(MostCacheByDefault, MemoryBytes / CachePart);
        var left = MemoryBytes - EmptyNodeBytes - cached;
        var keys = maxKeys ?? (int)Math.Clamp(left / 2 / MemoryPerKeyByDefault, LeastByDefault, MostByDefault);
        Check(keys, cached, maxKeys is not null);
        return (StoreQuota.OfTotal(keys, maxBytes ?? Math.Clamp(keys * BytesPerKeyByDefault, 1, Math.Max(1, disk / DiskPerByte))), cached);
    }

    private void Check(int keys, long cache, bool isKeysGiven)
    {
        var needed = EmptyNodeBytes + (keys * KeyIndex.BytesPerKey) + cache;
        if (needed <= MemoryBytes)
        {
            return;
        }

        var setting = isKeysGiven ? $"--max-keys is '{Text(keys)}'" : $"--cache is '{Text(cache)}'";
        throw CommandException.WrongUsage(
            $"{setting}; a node with {Text(keys)} keys and a cache of {Text(cache)} bytes needs {Text(needed)} bytes of memory, and this process may use {Text(MemoryBytes)}.");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long ReadDisk(string folder)
    {
        try
        {
            var existing = folder;
            while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            {
                existing = parent;
            }

            var held = Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("kad.db*").Sum(file => file.Length) : 0;
            return new DriveInfo(existing).AvailableFreeSpace + held;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Opening the folder says what is wrong with it.
            return long.MaxValue;
        }
    }
}

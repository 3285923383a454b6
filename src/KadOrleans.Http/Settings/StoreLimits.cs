namespace KadOrleans.Http;

// The memory and disk, in bytes, that a process may use for keys, and how many keys and bytes of values fit. DiskBytes include
// what its files take already. EmptyBytes are the memory that it takes without any key.
internal sealed record StoreLimits(string Process, long MemoryBytes, long DiskBytes, long EmptyBytes)
{
    public const int LeastKeysByDefault = 1_000;

    /// <summary>Keys that no default exceeds: with more, a node takes longer than five seconds to start.</summary>
    public const int MostKeysByDefault = 10_000_000;

    // The index, and half as much again for the accounts of sources, if each key comes from another source.
    private const long MemoryPerKeyByDefault = 3 * KeyIndex.BytesPerKey / 2;

    // The files have at most twice the bytes of the live values, and a compaction writes these once more.
    private const int DiskPerByte = 3;
    private const long BytesPerKeyByDefault = 1024;

    // Whether keys are spread over shards. Each shard may hold twice its share, and random keys fill all shards alike. So all
    // together may hold twice the quota.
    public bool IsSharded { get; init; }

    private int MostPerQuota => IsSharded ? 2 : 1;

    public static long ReadMemory() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    // The free bytes on the disk of a folder, which need not exist, plus those of its files that match a pattern. No limit if unknown.
    public static long ReadDisk(string folder, string files)
    {
        try
        {
            var existing = Path.GetFullPath(folder);
            while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            {
                existing = parent;
            }

            var held = Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles(files).Sum(file => file.Length) : 0;
            return new DriveInfo(existing).AvailableFreeSpace + held;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Opening the folder says what is wrong with it.
            return long.MaxValue;
        }
    }

    /// <summary>The default quota of keys beside a cache of values: half of the memory that is left.</summary>
    public int KeysByDefault(long cache) =>
        (int)Math.Clamp((MemoryBytes - EmptyBytes - cache) / 2 / MemoryPerKeyByDefault / MostPerQuota, LeastKeysByDefault, MostKeysByDefault);

    /// <summary>The default quota of bytes for a quota of keys: 1 KiB each, if the disk has room for it.</summary>
    public long BytesByDefault(int keys) =>
        Math.Clamp(keys * BytesPerKeyByDefault, 1, Math.Max(1, DiskBytes / DiskPerByte / MostPerQuota));

    /// <summary>The largest quota of keys whose index memory can hold beside a cache.</summary>
    public int MostKeys(long cache) => (int)Math.Clamp((MemoryBytes - EmptyBytes - cache) / KeyIndex.BytesPerKey / MostPerQuota, 0, int.MaxValue);

    // Why memory cannot hold the index of a quota of keys and a cache; null if it can. The sentence begins with the setting to
    // blame and its value.
    public string? FindProblem(int keys, long cache, string setting)
    {
        var most = (long)MostPerQuota * keys;
        var needed = EmptyBytes + (most * KeyIndex.BytesPerKey) + cache;
        return needed <= MemoryBytes
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{setting}; a {Process} with {most} keys{(IsSharded ? ", twice the quota," : "")} and a cache of {cache} bytes needs {needed} bytes of memory, and this process may use {MemoryBytes}.");
    }
}

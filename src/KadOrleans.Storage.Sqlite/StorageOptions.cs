namespace KadOrleans.Storage.Sqlite;

/// <summary>What a node's database may take, and the sizes of its log.</summary>
internal sealed record StorageOptions(StoreQuota Quota)
{
    public int MaxPublications { get; init; } = 10_000;

    public long CacheBytes { get; init; } = 64 << 20;

    public long MemoryBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Connections that only read, 0 or more; see <see cref="DatabaseKind.Readers"/>.</summary>
    public int Readers { get; init; } = 2;

    // Whether a damaged file is refused and not changed. If not, its readable part is kept, and damaged bytes are moved to a file
    // beside it (kad.db.damaged-1 to -8).
    public bool RefusesDamage { get; init; }

    // A segment has no more bytes of records, unless a single record has. It is what is read at once: with its header, its number
    // and SQLite's own bytes it fits on a page of 4,096 bytes.
    public int SegmentBytes { get; init; } = 4_048;

    // Length of SQLite's write-ahead log beyond which readers are paused. Readers without a pause keep it from starting anew, so
    // a flood of reads and writes would fill the disk.
    public long MaxWriteAheadBytes { get; init; } = 128 << 20;

    /// <summary>For how long the file has when values came again unchanged: after that they are due in any case.</summary>
    public TimeSpan RepublishInterval { get; init; } = new KademliaOptions().RepublishInterval;

    /// <summary>Bytes of obsolete records that are never compacted, so that a small log is not copied again and again.</summary>
    public long SlackBytes { get; init; } = 4 << 20;
}

namespace KadOrleans.Faults.Clusters;

/// <summary>Where a cluster keeps its state.</summary>
internal enum StorageKind
{
    /// <summary>The silo's own file: one silo.</summary>
    Sqlite,

    /// <summary>A server of its own on loopback.</summary>
    PostgreSql,

    /// <summary>The emulator of Azure Storage, in memory.</summary>
    Azurite,
}

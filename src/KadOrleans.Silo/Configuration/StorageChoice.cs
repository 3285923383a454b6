namespace KadOrleans.Silo.Configuration;

/// <summary>Where a cluster keeps its membership, grain state and reminders.</summary>
internal enum StorageChoice
{
    /// <summary>One silo on this machine: state in an SQLite file, the rest in memory.</summary>
    Local,

    /// <summary>PostgreSQL for all three.</summary>
    AdoNet,

    /// <summary>Azure Storage: blobs for state, tables for the rest.</summary>
    AzureStorage,
}

namespace KadOrleans.Hosting;

/// <summary>Where a cluster keeps its membership, grain state and reminders. The names of Orleans' providers are allowed too.</summary>
public enum StorageChoice
{
    /// <summary>One silo on this machine: state in an SQLite file, the rest in memory.</summary>
    Local,
    Localhost = Local,
    Development = Local,
    Static = Local,

    /// <summary>PostgreSQL for all three.</summary>
    AdoNet,

    /// <summary>Azure Storage: tables or blobs for state, tables for the rest.</summary>
    AzureStorage,
    AzureTableStorage = AzureStorage,
}

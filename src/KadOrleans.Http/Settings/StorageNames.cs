namespace KadOrleans.Http;

/// <summary>What this project calls the storages that <c>Kad:Storage</c> and <c>Kad:Clustering</c> name, whatever others call them.</summary>
internal static class StorageNames
{
    /// <summary>One silo on this machine: state in an SQLite file, the rest in memory.</summary>
    public const string Local = "Local";

    public const string PostgreSql = "PostgreSql";

    /// <summary>Azure Storage: tables or blobs for state, tables for the rest.</summary>
    public const string AzureStorage = "AzureStorage";

    /// <summary>Redis: for members and reminders, and not for state.</summary>
    public const string Redis = "Redis";

    // Orleans' names of providers, and Aspire's, which it makes of its types of resources.
    private static readonly Dictionary<string, string> Others = new(StringComparer.OrdinalIgnoreCase)
    {
        [Local] = Local,
        ["Localhost"] = Local,
        ["Development"] = Local,
        ["Static"] = Local,
        ["Sqlite"] = Local,
        [PostgreSql] = PostgreSql,
        ["AdoNet"] = PostgreSql,
        ["PostgresServer"] = PostgreSql,
        ["PostgresDatabase"] = PostgreSql,
        [AzureStorage] = AzureStorage,
        ["AzureTableStorage"] = AzureStorage,
        ["AzureBlobStorage"] = AzureStorage,
        [Redis] = Redis,
        ["AzureRedisCache"] = Redis,
    };

    /// <summary>The storage that a name means. A name that is unknown here is returned as it is.</summary>
    public static string Find(string given) => Others.GetValueOrDefault(given, given);

    public static bool AreSame(string one, string other) => Find(one).Equals(Find(other), StringComparison.OrdinalIgnoreCase);
}

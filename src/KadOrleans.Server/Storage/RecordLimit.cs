using KadOrleans.Hosting.Settings;

namespace KadOrleans.Hosting.Cluster;

/// <summary>The largest records of Orleans' storage providers. Others than these hold far more than a grain writes.</summary>
internal static class RecordLimit
{
    /// <summary>The bound of what a grain writes as one record, in bytes. The provider needs some more for itself.</summary>
    public const int Needed = 512 * 1024;

    /// <summary>The limit of an entity of Azure's tables, in bytes: 15 properties of 64 KiB.</summary>
    public const int AzureTable = 15 * 64 * 1024;

    private static readonly Dictionary<string, int> Limits = new(StringComparer.OrdinalIgnoreCase)
    {
        ["AzureTableStorage"] = AzureTable,
        ["DynamoDB"] = 400 * 1024,
    };

    /// <summary>Refuses a provider that cannot hold a grain's largest record.</summary>
    public static void Check(string setting, string? provider)
    {
        if (provider is not null && Limits.TryGetValue(provider, out var limit) && limit <= Needed)
        {
            throw KadSettings.Mistake(
                $"{setting} is '{provider}', whose records have at most {limit / 1024} KiB; a provider with records of more than {Needed / 1024} KiB is needed.");
        }
    }
}

using Azure.Data.Tables;
using Azure.Identity;

namespace KadOrleans.AzureStorage;

/// <summary>The client of Azure's tables, which Orleans' clustering and reminders take from the services by its key.</summary>
internal static class AzureTableClients
{
    /// <summary>Adds the client.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="key">What <c>ServiceKey</c> names.</param>
    /// <param name="connectionString">How to reach the account, Azurite's included; null to use the address.</param>
    /// <param name="serviceUri">The service's address, reached with the process' own identity (DefaultAzureCredential).</param>
    /// <exception cref="FormatException">The connection string cannot be used.</exception>
    public static void AddAzureTables(this IServiceCollection services, string key, string? connectionString, Uri? serviceUri) =>
        services.AddKeyedSingleton(key, connectionString is not null
            ? AzureConnectionString.Connect(connectionString, text => new TableServiceClient(text))
            : new TableServiceClient(serviceUri!, new DefaultAzureCredential()));
}

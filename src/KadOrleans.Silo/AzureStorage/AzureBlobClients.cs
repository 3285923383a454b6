using Azure.Identity;
using Azure.Storage.Blobs;

namespace KadOrleans.AzureStorage;

/// <summary>The client of Azure's blobs, which Orleans' grain storage takes from the services by its key.</summary>
internal static class AzureBlobClients
{
    /// <summary>Adds the client.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="key">What <c>ServiceKey</c> names.</param>
    /// <param name="connectionString">How to reach the account, Azurite's included; null to use the address.</param>
    /// <param name="serviceUri">The service's address, reached with the process' own identity (DefaultAzureCredential).</param>
    public static void AddAzureBlobs(this IServiceCollection services, string key, string? connectionString, Uri? serviceUri) =>
        services.AddKeyedSingleton(key, (_, _) => connectionString is not null
            ? new BlobServiceClient(connectionString)
            : new BlobServiceClient(serviceUri!, new DefaultAzureCredential()));
}

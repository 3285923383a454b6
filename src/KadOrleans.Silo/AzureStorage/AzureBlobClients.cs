using Azure.Identity;
using Azure.Storage.Blobs;

namespace KadOrleans.AzureStorage;

/// <summary>The client of Azure's blobs, which Orleans' grain storage takes from the services by its key.</summary>
internal static class AzureBlobClients
{
    private const int Retries = 2;

    // By Azure's defaults, a request that is not answered holds its grain up for over six minutes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Adds the client.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="key">What <c>ServiceKey</c> names.</param>
    /// <param name="connectionString">How to reach the account, Azurite's included; null to use the address.</param>
    /// <param name="serviceUri">The service's address, reached with the process' own identity (DefaultAzureCredential).</param>
    /// <exception cref="FormatException">The connection string cannot be used.</exception>
    public static void AddAzureBlobs(this IServiceCollection services, string key, string? connectionString, Uri? serviceUri)
    {
        var options = new BlobClientOptions { Retry = { MaxRetries = Retries, NetworkTimeout = Patience } };
        services.AddKeyedSingleton(key, connectionString is not null
            ? AzureConnectionString.Connect(connectionString, text => new BlobServiceClient(text, options))
            : new BlobServiceClient(serviceUri!, new DefaultAzureCredential(), options));
    }
}

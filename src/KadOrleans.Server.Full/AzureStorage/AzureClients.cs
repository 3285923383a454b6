using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;

namespace KadOrleans.Server.Full;

/// <summary>Adds the clients of Azure's tables and blobs, which Orleans' providers take from the services by a key.</summary>
internal static class AzureClients
{
    public const string ServiceKey = "kad";

    private const int Retries = 2;

    // By Azure's defaults, an unanswered request delays its grain for over six minutes.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // By a connection string, also Azurite's, or by the process's own identity (DefaultAzureCredential).
    public static void AddAzureTables(this IServiceCollection services, AzureOptions azure)
    {
        var options = new TableClientOptions { Retry = { MaxRetries = Retries, NetworkTimeout = Timeout } };
        services.AddKeyedSingleton(ServiceKey, azure.ConnectionString is { } text
            ? Connect(text, text => new TableServiceClient(text, options))
            : new TableServiceClient(new Uri(azure.TableServiceUri!), new DefaultAzureCredential(), options));
    }

    public static void AddAzureBlobs(this IServiceCollection services, AzureOptions azure)
    {
        var options = new BlobClientOptions { Retry = { MaxRetries = Retries, NetworkTimeout = Timeout } };
        services.AddKeyedSingleton(ServiceKey, azure.ConnectionString is { } text
            ? Connect(text, text => new BlobServiceClient(text, options))
            : new BlobServiceClient(new Uri(azure.BlobServiceUri!), new DefaultAzureCredential(), options));
    }

    // Called at start-up, so that a wrong connection string ends it with a sentence. Azure's own message may quote the key.
    private static TClient Connect<TClient>(string connectionString, Func<string, TClient> create)
    {
        try
        {
            return create(connectionString);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            throw KadSettings.Mistake(
                "Kad:Azure:ConnectionString cannot be used; NAME=VALUE pairs with semicolons are needed, as the account's access keys show them.");
        }
    }
}

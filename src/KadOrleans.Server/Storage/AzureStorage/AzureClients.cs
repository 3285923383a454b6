using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KadOrleans.Server;

/// <summary>Adds the clients of Azure's tables and blobs, which Orleans' providers take from the services by a key.</summary>
internal static class AzureClients
{
    private const int Retries = 2;

    // By Azure's defaults, an unanswered request delays its grain for over six minutes.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // By a connection string, also Azurite's, or by the process's own identity (DefaultAzureCredential).
    public static void AddAzureTables(this IServiceCollection services, string key, Connection connection)
    {
        var options = new TableClientOptions { Retry = { MaxRetries = Retries, NetworkTimeout = Timeout } };
        services.TryAddKeyedSingleton(key, IsAddress(connection)
            ? new TableServiceClient(new Uri(connection.Text), new DefaultAzureCredential(), options)
            : Connect(connection, text => new TableServiceClient(text, options)));
    }

    public static void AddAzureBlobs(this IServiceCollection services, string key, Connection connection)
    {
        var options = new BlobClientOptions { Retry = { MaxRetries = Retries, NetworkTimeout = Timeout } };
        services.TryAddKeyedSingleton(key, IsAddress(connection)
            ? new BlobServiceClient(new Uri(connection.Text), new DefaultAzureCredential(), options)
            : Connect(connection, text => new BlobServiceClient(text, options)));
    }

    // Credentials are sent to it, so it must use HTTPS.
    private static bool IsAddress(Connection connection) => connection.Text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    // Called at start-up, so that a wrong connection string ends it with a sentence. Azure's own message may quote the key.
    private static TClient Connect<TClient>(Connection connection, Func<string, TClient> create)
    {
        try
        {
            return create(connection.Text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            throw KadSettings.Mistake(
                $"{connection.Setting} cannot be used; NAME=VALUE pairs with semicolons are needed, as the account's access keys show them.");
        }
    }
}

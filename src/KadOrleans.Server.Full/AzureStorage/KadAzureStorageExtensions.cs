using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;

namespace KadOrleans.Server.Full;

/// <summary>Keeps a cluster's state on Azure Storage.</summary>
public static class KadAzureStorageExtensions
{
    /// <summary>Lets an executable use Azure Storage. <c>Kad:Storage=AzureStorage</c> says whether it does.</summary>
    public static KadProviders UseKadAzureStorage(this KadProviders providers)
    {
        ArgumentNullException.ThrowIfNull(providers);
        providers.Storage = new AzureStorageProvider();
        return providers;
    }
}

/// <summary>Azure's tables for members and reminders, and its tables or blobs for the grains' state.</summary>
internal sealed class AzureStorageProvider : IStorageProvider
{
    private const string Tables = "AzureTableStorage";

    public void FillInSilo(OrleansSettings orleans)
    {
        var azure = AzureSettings.Read(orleans.Configuration, isSilo: true);
        AddKeyed(orleans, OrleansSettings.Clustering, Tables);
        AddKeyed(orleans, OrleansSettings.Reminders, Tables);
        if (azure.GrainStorage == AzureGrains.Tables)
        {
            // Its table OrleansGrainState has the service's id in each row.
            AddKeyed(orleans, OrleansSettings.Storage, Tables);
        }
        else if (AddKeyed(orleans, OrleansSettings.Storage, "AzureBlobStorage"))
        {
            // The container names the service: Orleans' tables have the service's id in each row, but its blobs do not have it.
            orleans.Add($"{OrleansSettings.Storage}:ContainerName", orleans[OrleansSettings.ServiceId]!.ToLowerInvariant());
        }
    }

    public void FillInEdge(OrleansSettings orleans)
    {
        orleans.Values[$"{OrleansSettings.Clustering}:ProviderType"] = Tables;
        if (!orleans.IsConnected(OrleansSettings.Clustering))
        {
            AzureSettings.Read(orleans.Configuration, isSilo: false);
            orleans.Values[$"{OrleansSettings.Clustering}:ServiceKey"] = AzureClients.ServiceKey;
        }
    }

    public void AddConnections(IServiceCollection services, IConfiguration configuration, bool isSilo)
    {
        // An edge may have Orleans' own settings of the connection.
        if (!isSilo && configuration[$"{OrleansSettings.Clustering}:ServiceKey"] != AzureClients.ServiceKey)
        {
            return;
        }

        var azure = AzureSettings.Read(configuration, isSilo);
        services.AddAzureTables(azure);
        if (isSilo && azure.GrainStorage == AzureGrains.Blobs)
        {
            services.AddAzureBlobs(azure);
        }
    }

    private static bool AddKeyed(OrleansSettings orleans, string provider, string type)
    {
        var isAdded = orleans.AddProvider(provider, type);
        if (isAdded)
        {
            orleans.Values[$"{provider}:ServiceKey"] = AzureClients.ServiceKey;
        }

        return isAdded;
    }
}

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

using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.AzureStorage;

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

    public void FillInSilo(Filling filling)
    {
        var azure = AzureSettings.Read(filling.Configuration, isSilo: true);
        AddKeyed(filling, Filling.Clustering, Tables);
        AddKeyed(filling, Filling.Reminders, Tables);
        if (azure.GrainStorage == AzureGrains.Tables)
        {
            // Its table OrleansGrainState has the service's id in each row.
            AddKeyed(filling, Filling.Storage, Tables);
        }
        else if (AddKeyed(filling, Filling.Storage, "AzureBlobStorage"))
        {
            // The container names the service: Orleans' tables have the service's id in each row, but its blobs do not have it.
            filling.Add($"{Filling.Storage}:ContainerName", () => filling[Filling.ServiceId]!.ToLowerInvariant());
        }
    }

    public void FillInEdge(Filling filling)
    {
        filling.Values[$"{Filling.Clustering}:ProviderType"] = Tables;
        if (!filling.IsConnected(Filling.Clustering))
        {
            AzureSettings.Read(filling.Configuration, isSilo: false);
            filling.Values[$"{Filling.Clustering}:ServiceKey"] = AzureClients.ServiceKey;
        }
    }

    public void AddConnections(IServiceCollection services, IConfiguration configuration, bool isSilo)
    {
        // An edge may have Orleans' own settings of the connection.
        if (!isSilo && configuration[$"{Filling.Clustering}:ServiceKey"] != AzureClients.ServiceKey)
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

    private static bool AddKeyed(Filling filling, string provider, string type)
    {
        var isAdded = filling.AddProvider(provider, type);
        if (isAdded)
        {
            filling.Values[$"{provider}:ServiceKey"] = AzureClients.ServiceKey;
        }

        return isAdded;
    }
}

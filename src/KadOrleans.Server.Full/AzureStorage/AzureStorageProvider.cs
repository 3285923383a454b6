namespace KadOrleans.Server.Full;

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

using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>Tables and blobs of an Azure Storage account, or of its emulator.</summary>
internal sealed class AzureStorageAccount(IResourceWithConnectionString tables, IResourceWithConnectionString? blobs) : ClusterStorage
{
    public override IReadOnlyList<IResource> Needs => blobs is null ? [tables] : [tables, blobs];

    public override void AddClientSettings(ProcessSettings settings) => AddProvider(settings, Clustering, "AzureTableStorage", tables);

    public override void AddSiloSettings(ProcessSettings settings)
    {
        AddClientSettings(settings);
        AddProvider(settings, Reminders, "AzureTableStorage", tables);
        if (blobs is null)
        {
            AddProvider(settings, State, "AzureTableStorage", tables);
            return;
        }

        AddProvider(settings, State, "AzureBlobStorage", blobs);

        // As kad-server names it: the blobs do not have the service's id.
        settings[$"{State}:ContainerName"] = settings.ServiceId.ToLowerInvariant();
    }

    private static void AddProvider(ProcessSettings settings, string provider, string type, IResourceWithConnectionString connection)
    {
        settings[$"{provider}:ProviderType"] = type;
        settings[$"{provider}:ConnectionString"] = connection.ConnectionStringExpression;
    }
}

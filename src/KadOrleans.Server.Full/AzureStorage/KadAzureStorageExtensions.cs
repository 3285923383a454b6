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

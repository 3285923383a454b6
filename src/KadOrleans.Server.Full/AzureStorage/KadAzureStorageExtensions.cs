namespace KadOrleans.Server.Full;

/// <summary>Keeps a cluster's state on Azure Storage.</summary>
public static class KadAzureStorageExtensions
{
    /// <summary>Lets an executable use Azure Storage. <c>Kad:Storage</c> and <c>Kad:Clustering</c> say whether it does.</summary>
    public static KadProviders UseKadAzureStorage(this KadProviders providers)
    {
        ArgumentNullException.ThrowIfNull(providers);
        return providers.Add(new AzureStorageProvider());
    }
}

namespace KadOrleans.Edge.Configuration;

/// <summary>Finds silos in an Azure table. Only in builds with the Azure packages: without <c>KadAzureStorage=false</c>.</summary>
internal static class AzureClustering
{
    public static void Complete(IConfiguration configuration, Dictionary<string, string?> settings, string setting)
    {
#if KAD_AZURE_STORAGE
        settings[ClusterConnection.ProviderSetting] = "AzureTableStorage";
        if (string.IsNullOrEmpty(configuration["Orleans:Clustering:ConnectionString"])
            && string.IsNullOrEmpty(configuration["Orleans:Clustering:ServiceKey"]))
        {
            settings["Orleans:Clustering:ServiceKey"] = AzureStorage.AzureTables.Key;
            AzureStorage.AzureTables.Check(configuration, setting);
        }
#else
        throw new ConfigurationException(
            $"{setting} is AzureStorage, but this build has no Azure packages: build it without KadAzureStorage=false.");
#endif
    }
}

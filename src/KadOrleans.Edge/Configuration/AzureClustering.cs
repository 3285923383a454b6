#if KAD_AZURE_STORAGE
using KadOrleans.AzureStorage;
using KadOrleans.Silo.Configuration;
#endif

namespace KadOrleans.Edge.Configuration;

/// <summary>Finds silos in an Azure table. Only in builds with the Azure packages: without <c>KadAzureStorage=false</c>.</summary>
internal static class AzureClustering
{
    public const string ConnectionStringSetting = "Kad:Azure:ConnectionString";
    public const string TableServiceUriSetting = "Kad:Azure:TableServiceUri";

#if KAD_AZURE_STORAGE
    private const string ServiceKey = "kad";

    /// <summary>The settings to add for Orleans.</summary>
    /// <exception cref="ConfigurationException">Neither a connection string nor an address is set.</exception>
    public static void Complete(IConfiguration configuration, Dictionary<string, string?> settings, string setting)
    {
        settings[ClusterConnection.ProviderSetting] = "AzureTableStorage";
        if (configuration["Orleans:Clustering:ConnectionString"] is { Length: > 0 }
            || configuration["Orleans:Clustering:ConnectionName"] is { Length: > 0 })
        {
            return;
        }

        if (configuration[ConnectionStringSetting] is not { Length: > 0 } && Address(configuration) is null)
        {
            throw new ConfigurationException($"{TableServiceUriSetting} is '{configuration[TableServiceUriSetting]}'; {setting}=AzureStorage "
                + $"needs the https:// address of the silos' table service there, or {ConnectionStringSetting}.");
        }

        if (configuration[ConnectionStringSetting] is not { Length: > 0 } && WorkloadIdentity.Lack(configuration) is { } lack)
        {
            throw new ConfigurationException(lack);
        }

        settings["Orleans:Clustering:ServiceKey"] = ServiceKey;
    }

    /// <summary>Registers the client that the settings name.</summary>
    /// <exception cref="FormatException">The connection string cannot be used.</exception>
    public static void AddClient(IServiceCollection services, IConfiguration configuration)
    {
        if (configuration["Orleans:Clustering:ServiceKey"] == ServiceKey)
        {
            var connectionString = configuration[ConnectionStringSetting];
            services.AddAzureTables(
                ServiceKey, string.IsNullOrEmpty(connectionString) ? null : connectionString, Address(configuration));
        }
    }

    private static Uri? Address(IConfiguration configuration) =>
        Uri.TryCreate(configuration[TableServiceUriSetting], UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
            ? address
            : null;
#else
    /// <summary>Says that this build cannot.</summary>
    /// <exception cref="ConfigurationException">Always.</exception>
    public static void Complete(IConfiguration configuration, Dictionary<string, string?> settings, string setting) =>
        throw new ConfigurationException(
            $"{setting} is AzureStorage, but this build has no Azure packages: build it without KadAzureStorage=false.");

    /// <summary>Nothing to register.</summary>
    public static void AddClient(IServiceCollection services, IConfiguration configuration)
    {
    }
#endif
}

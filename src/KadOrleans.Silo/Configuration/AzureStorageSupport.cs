#if KAD_AZURE_STORAGE
using KadOrleans.AzureStorage;
#endif

namespace KadOrleans.Silo.Configuration;

/// <summary>The way to what needs Azure's packages, which a build may leave out.</summary>
internal static class AzureStorageSupport
{
#if KAD_AZURE_STORAGE
    /// <summary>Returns: this build has the packages.</summary>
    public static void Require()
    {
    }

    /// <summary>Adds the clients that Orleans' providers look for.</summary>
    /// <exception cref="ConfigurationMistakeException">The connection string cannot be used.</exception>
    public static void Add(IServiceCollection services, AzureSettings azure)
    {
        try
        {
            services.AddAzureTables(ClusterProviders.AzureKey, azure.ConnectionString, azure.TableServiceUri);
            services.AddAzureBlobs(ClusterProviders.AzureKey, azure.ConnectionString, azure.BlobServiceUri);
        }
        catch (FormatException e)
        {
            throw new ConfigurationMistakeException(e.Message);
        }
    }
#else
    /// <summary>Ends start-up: this build lacks the packages.</summary>
    /// <exception cref="ConfigurationMistakeException">Always.</exception>
    public static void Require() => throw new ConfigurationMistakeException(
        "Kad:Storage is 'AzureStorage', which this build lacks (it was built with KadAzureStorage=false); Local and AdoNet are allowed.");

    /// <summary>Never reached in this build.</summary>
    public static void Add(IServiceCollection services, AzureSettings azure) => Require();
#endif
}

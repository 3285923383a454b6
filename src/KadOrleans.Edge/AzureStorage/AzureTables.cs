using Azure.Data.Tables;
using Azure.Identity;
using KadOrleans.Edge.Configuration;

namespace KadOrleans.Edge.AzureStorage;

/// <summary>The way to the Azure tables that name the silos: a connection string, or an address and the process' own identity.</summary>
internal static class AzureTables
{
    /// <summary>The key of the client among the services.</summary>
    public const string Key = "kad";

    private const string ConnectionString = "Kad:Azure:ConnectionString";
    private const string TableServiceUri = "Kad:Azure:TableServiceUri";

    /// <summary>Refuses what <see cref="Create"/> could not use.</summary>
    /// <exception cref="ConfigurationException">Neither is set, or the address is none.</exception>
    public static void Check(IConfiguration configuration, string setting)
    {
        if (string.IsNullOrEmpty(configuration[ConnectionString])
            && !Uri.TryCreate(configuration[TableServiceUri], UriKind.Absolute, out _))
        {
            throw new ConfigurationException($"{TableServiceUri} is '{configuration[TableServiceUri]}'; {setting}=AzureStorage needs the "
                + $"address of the silos' table service there, or {ConnectionString}.");
        }
    }

    /// <summary>Registers the client that <see cref="Create"/> makes.</summary>
    public static void AddTo(IServiceCollection services) =>
        services.AddKeyedSingleton(Key, (provider, _) => Create(provider.GetRequiredService<IConfiguration>()));

    private static TableServiceClient Create(IConfiguration configuration) =>
        configuration[ConnectionString] is { Length: > 0 } text
            ? new TableServiceClient(text)
            : new TableServiceClient(new Uri(configuration[TableServiceUri]!), new DefaultAzureCredential());
}

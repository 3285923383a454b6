using KadOrleans.GrainStorage.Sqlite;
using static KadOrleans.Server.OrleansSettings;

namespace KadOrleans.Server;

/// <summary>One silo on this machine: state in an SQLite file, the rest in memory. Edges find it by its gateway.</summary>
internal sealed class LocalProvider : IStorageProvider
{
    public const string AdvertisedAddress = "Orleans:Endpoints:AdvertisedIPAddress";

    private const string Gateways = $"{Clustering}:Gateways";

    public string Name => KadOptions.LocalStorage;

    public IReadOnlyList<string> OtherNames => ["Localhost", "Development", "Static", "Sqlite"];

    public string Describe(KadOptions options) => $"SQLite in {options.Data}";

    public string? FindObstacle(string section) =>
        section.StartsWith(Directories, StringComparison.Ordinal) ? "which has no grain directory of its own" : null;

    public void FillIn(OrleansSettings orleans, KadOptions options, string section, bool isSilo)
    {
        switch (section)
        {
            case Clustering when !isSilo:
                orleans.Values[$"{Clustering}:ProviderType"] = "Static";
                AddGateways(orleans, options.Cluster.Gateway);
                break;
            case Clustering:
                orleans.Values[$"{Clustering}:ProviderType"] = "Development";
                if (options.Silo.Address is null)
                {
                    orleans.Add(AdvertisedAddress, "127.0.0.1");
                }

                break;
            case OrleansSettings.Storage:
                orleans.Values[$"{section}:ProviderType"] = "Sqlite";
                if (orleans.Add($"{section}:Folder", options.Data))
                {
                    orleans.Values[$"{section}:FolderSetting"] = "Kad:Data";
                }

                break;
            default:
                orleans.Values[$"{section}:ProviderType"] = "Memory";
                break;
        }
    }

    public StorageFault? Explain(Exception cause) => cause is GrainDatabaseException ? StorageFault.Mistake(cause.Message) : null;

    private static void AddGateways(OrleansSettings orleans, IList<string> gateways)
    {
        if (gateways.Count == 0 && orleans.Configuration.GetSection(Gateways).GetChildren().Any())
        {
            orleans.RecordConnection(Clustering, Gateways);
            return;
        }

        orleans.RecordConnection(Clustering, "Kad:Cluster:Gateway");
        foreach (var (i, gateway) in gateways.DefaultIfEmpty(ClientOptions.DefaultGateway).Index())
        {
            KadSettings.TryEndPoint(gateway, out var endpoint);
            orleans.Values[$"{Gateways}:{i}"] = endpoint.ToString();
        }
    }
}

using Azure;
using Azure.Identity;

namespace KadOrleans.Server;

/// <summary>Azure's tables for members and reminders, and its tables or blobs for the grains' state.</summary>
internal sealed class AzureStorageProvider : IStorageProvider
{
    public const string StorageName = "AzureStorage";

    /// <summary>The key of the clients that the section <c>Kad:Azure</c> describes. Others have the setting of their connection string.</summary>
    private const string OwnKey = "kad";

    private const string Tables = "AzureTableStorage";
    private const string Blobs = "AzureBlobStorage";
    private const string GrainsSetting = "Kad:Azure:GrainStorage";
    private const string ConnectionSetting = "Kad:Azure:ConnectionString";

    // Kad:Azure's settings of a connection.
    private static readonly string[] Own = [ConnectionSetting, "Kad:Azure:TableServiceUri", "Kad:Azure:BlobServiceUri"];

    public string Name => StorageName;

    public IReadOnlyList<string> OtherNames => [Tables, Blobs];

    public SettingSection Section => new(AzureOptions.Section, typeof(AzureOptions));

    public IReadOnlyList<string> NoisyCategories => ["Orleans.AzureUtils", "Orleans.Clustering.AzureStorage"];

    public string Describe(KadOptions options) => "Azure Storage";

    public string? FindObstacle(string section) =>
        section.StartsWith(OrleansSettings.Directories, StringComparison.Ordinal) ? "which has no grain directory here" : null;

    public void FillIn(OrleansSettings orleans, KadOptions options, string section, bool isSilo)
    {
        var type = section == OrleansSettings.Storage ? TypeOfState(orleans.Configuration) : Tables;
        orleans.Values[$"{section}:ProviderType"] = type;
        if (orleans.FindConnection(section) is { } own)
        {
            CheckAlone(orleans.Configuration, own);
            Connect(orleans, section, own.Setting, own.Setting);
        }
        else if (!Own.Any(setting => orleans.Configuration[setting] is { Length: > 0 }) && type == Tables && FindTables(orleans, section) is { } key)
        {
            Connect(orleans, section, key, key);
        }
        else
        {
            Connect(orleans, section, OwnKey, OfOwn(orleans.Configuration, type == Blobs).Setting);
        }

        if (type == Blobs)
        {
            // The container names the service: Orleans' tables have the service's id in each row, but its blobs do not have it.
            orleans.Add($"{section}:ContainerName", orleans[OrleansSettings.ServiceId]!.ToLowerInvariant());
        }
    }

    public void AddConnections(IServiceCollection services, IConfiguration configuration, string section)
    {
        var key = configuration[$"{section}:ServiceKey"]!;
        var isBlobs = configuration[$"{section}:ProviderType"] == Blobs;
        var connection = key == OwnKey ? OfOwn(configuration, isBlobs) : new Connection(key, configuration[key]!.Trim(), null);
        if (isBlobs)
        {
            services.AddAzureBlobs(key, connection);
        }
        else
        {
            services.AddAzureTables(key, connection);
        }
    }

    public StorageFault? Explain(Exception cause) => cause is RequestFailedException or AuthenticationFailedException
        ? new("Azure Storage", StorageFault.Beginning(cause.Message)) { Setting = "Kad:Azure:BlobServiceUri or Kad:Azure:TableServiceUri" }
        : null;

    private static void Connect(OrleansSettings orleans, string section, string key, string setting)
    {
        orleans.Values[$"{section}:ServiceKey"] = key;
        orleans.RecordConnection(section, setting);
    }

    // By the setting, or by the type that Orleans' own setting has.
    private static string TypeOfState(IConfiguration configuration)
    {
        var azure = KadSettings.ReadSection<AzureOptions>(configuration, AzureOptions.Section);
        var type = configuration[$"{OrleansSettings.Storage}:ProviderType"]?.Trim();
        var isBlobs = Blobs.Equals(type, StringComparison.OrdinalIgnoreCase);
        if (!isBlobs && !Tables.Equals(type, StringComparison.OrdinalIgnoreCase))
        {
            return azure.GrainStorage == AzureGrains.Tables ? Tables : Blobs;
        }

        return configuration[GrainsSetting] is { Length: > 0 } && isBlobs != (azure.GrainStorage == AzureGrains.Blobs)
            ? throw KadSettings.Mistake(
                $"{GrainsSetting} is '{azure.GrainStorage}', and {OrleansSettings.Storage}:ProviderType is '{type}'; "
                + "one of them, or the same in both, is needed.")
            : isBlobs ? Blobs : Tables;
    }

    private static void CheckAlone(IConfiguration configuration, Connection own)
    {
        if (own.Reference is { } reference && configuration[ConnectionSetting] is { Length: > 0 } given && given != own.Text)
        {
            throw KadSettings.Mistake(
                $"{ConnectionSetting} is set, and {reference} names {own.Setting}, another connection; one of them, or the same in both, is needed.");
        }
    }

    // The tables of another part, which Aspire's WithClustering gave.
    private static string? FindTables(OrleansSettings orleans, string section) =>
        ((string[])[OrleansSettings.Clustering, OrleansSettings.Reminders, OrleansSettings.Storage])
            .Where(other => other != section && Tables.Equals(orleans.Configuration[$"{other}:ProviderType"], StringComparison.OrdinalIgnoreCase))
            .Select(other => orleans.FindConnection(other)?.Setting)
            .FirstOrDefault(setting => setting is not null);

    private static Connection OfOwn(IConfiguration configuration, bool isBlobs)
    {
        var azure = AzureSettings.Read(configuration, isBlobs);
        return azure.ConnectionString is { } text ? new(ConnectionSetting, text, null)
            : isBlobs ? new("Kad:Azure:BlobServiceUri", azure.BlobServiceUri!, null)
            : new("Kad:Azure:TableServiceUri", azure.TableServiceUri!, null);
    }
}

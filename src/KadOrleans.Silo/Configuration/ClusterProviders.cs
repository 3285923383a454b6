using System.Globalization;
using KadOrleans.Grains;
using Npgsql;

namespace KadOrleans.Silo.Configuration;

/// <summary>
/// What <c>Kad:Storage</c> stands for in Orleans' own settings. Whatever is given there stays as it is; only what is missing
/// is filled in.
/// </summary>
internal static class ClusterProviders
{
    /// <summary>The key of the Azure clients among the services.</summary>
    public const string AzureKey = "kad";

    /// <summary>The default of both ids.</summary>
    public const string DefaultClusterId = "kad";

    /// <summary>The section of Orleans' own options of membership.</summary>
    public const string Membership = "Orleans:Membership";

    private const string PostgreSql = "PostgreSql:ConnectionString";
    private const string ServiceId = "Orleans:ServiceId";
    private const string AdvertisedAddress = "Orleans:Endpoints:AdvertisedIPAddress";
    private const string Clustering = "Orleans:Clustering";
    private const string Storage = $"Orleans:GrainStorage:{GrainStorageName.Kad}";
    private const string Reminders = "Orleans:Reminders";

    /// <summary>The settings to add to the configuration.</summary>
    /// <exception cref="ConfigurationMistakeException">One is missing that has no default, or two contradict each other.</exception>
    public static Dictionary<string, string?> FillIn(IConfiguration configuration, SiloSettings settings)
    {
        var filled = new Dictionary<string, string?>();
        AddIfMissing(configuration, filled, "Orleans:ClusterId", DefaultClusterId);
        AddIfMissing(configuration, filled, ServiceId, DefaultClusterId);
        AddIfMissing(configuration, filled, "Orleans:Endpoints:SiloPort", () => Port(settings.SiloPort));
        AddIfMissing(configuration, filled, "Orleans:Endpoints:GatewayPort", () => Port(settings.GatewayPort));

        if (settings.Address is { } address)
        {
            AddIfMissing(configuration, filled, AdvertisedAddress, address.ToString());
        }

        // Silos that hear nothing of another for three times this long declare it dead. Orleans adapts to slower answers, up to
        // four times as long: so long a third of the keys could not be stored when a machine vanishes.
        AddIfMissing(configuration, filled, $"{Membership}:MaxProbeTimeout", "00:00:05");

        // One that was declared dead while it was cut off learns it from the table, and until then takes itself for a member.
        AddIfMissing(configuration, filled, $"{Membership}:TableRefreshTimeout", "00:00:15");
        switch (settings.Storage)
        {
            case StorageChoice.Local:
                AddLocal(configuration, filled, settings);
                break;
            case StorageChoice.AdoNet:
                AddPostgreSql(configuration, filled);
                break;
            default:
                AddAzure(configuration, filled);
                break;
        }

        CheckLocalStorageIsAlone(configuration, filled);
        return filled;
    }

    private static void AddLocal(IConfiguration configuration, Dictionary<string, string?> filled, SiloSettings settings)
    {
        if (AddProvider(configuration, filled, Clustering, "Development") && settings.Address is null)
        {
            AddIfMissing(configuration, filled, AdvertisedAddress, "127.0.0.1");
        }

        if (AddProvider(configuration, filled, Storage, "Sqlite"))
        {
            filled[$"{Storage}:Folder"] = settings.Data;
            filled[$"{Storage}:FolderSetting"] = "Kad:Data";
        }

        AddProvider(configuration, filled, Reminders, "Memory");
    }

    private static void AddPostgreSql(IConfiguration configuration, Dictionary<string, string?> filled)
    {
        CheckPostgreSql(new KadSection(configuration).Text(PostgreSql));
        foreach (var provider in (ReadOnlySpan<string>)[Clustering, Storage, Reminders])
        {
            if (AddProvider(configuration, filled, provider, "AdoNet"))
            {
                filled[$"{provider}:Invariant"] = "Npgsql";
                filled[$"{provider}:ConnectionString"] =
                    new KadSection(configuration).Required(PostgreSql, "Kad:Storage=AdoNet");
            }
        }
    }

    // Orleans would fail half-way up, on each of its providers, and say something else.
    private static void CheckPostgreSql(string? connectionString)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException mistake)
        {
            throw new ConfigurationMistakeException(mistake.ParamName is { Length: > 0 } key
                ? $"Kad:{PostgreSql} has the key '{key}', which is unknown or has a value of the wrong kind; keys such as Host, Port, Database, Username and Password are allowed."
                : $"Kad:{PostgreSql} cannot be read: {mistake.Message.TrimEnd('.')}; NAME=VALUE with semicolons between is needed, such as Host=127.0.0.1;Database=orleans.");
        }
    }

    private static void AddAzure(IConfiguration configuration, Dictionary<string, string?> filled)
    {
        AzureStorageSupport.Require();
        ReadAzure(configuration);
        AddKeyed(configuration, filled, Clustering, "AzureTableStorage");
        AddKeyed(configuration, filled, Reminders, "AzureTableStorage");
        if (AddKeyed(configuration, filled, Storage, "AzureBlobStorage"))
        {
            // Orleans' tables have the service's id in each row; its blobs have it nowhere.
            AddIfMissing(configuration, filled, $"{Storage}:ContainerName", () =>
                (filled.GetValueOrDefault(ServiceId) ?? configuration[ServiceId])!.ToLowerInvariant());
        }
    }

    private static bool AddKeyed(IConfiguration configuration, Dictionary<string, string?> filled, string provider, string type)
    {
        if (!AddProvider(configuration, filled, provider, type))
        {
            return false;
        }

        filled[$"{provider}:ServiceKey"] = AzureKey;
        return true;
    }

    /// <summary>How Azure Storage is to be reached.</summary>
    /// <exception cref="ConfigurationMistakeException">Nothing says so.</exception>
    public static AzureSettings ReadAzure(IConfiguration configuration)
    {
        const string reason = "Kad:Storage=AzureStorage without Kad:Azure:ConnectionString";
        var section = new KadSection(configuration);
        if (section.Text("Azure:ConnectionString") is { } connectionString)
        {
            return new AzureSettings(connectionString, null, null);
        }

        var settings = new AzureSettings(
            null, section.Address("Azure:BlobServiceUri", reason), section.Address("Azure:TableServiceUri", reason));
        return WorkloadIdentity.Lack(configuration) is { } lack ? throw new ConfigurationMistakeException(lack) : settings;
    }

    // A file that one process holds cannot be the state of a cluster of several.
    private static void CheckLocalStorageIsAlone(IConfiguration configuration, Dictionary<string, string?> filled)
    {
        string? Type(string provider) => filled.GetValueOrDefault($"{provider}:ProviderType") ?? configuration[$"{provider}:ProviderType"];
        if (Is(Type(Storage), "Sqlite") && !Is(Type(Clustering), "Development"))
        {
            throw new ConfigurationMistakeException(
                $"{Storage}:ProviderType is 'Sqlite', which a single silo can use, but {Clustering}:ProviderType is "
                + $"'{Type(Clustering)}'; choose both with Kad:Storage, or set both.");
        }
    }

    private static bool Is(string? type, string name) => string.Equals(type, name, StringComparison.OrdinalIgnoreCase);

    private static bool AddProvider(IConfiguration configuration, Dictionary<string, string?> filled, string provider, string type) =>
        AddIfMissing(configuration, filled, $"{provider}:ProviderType", type);

    private static bool AddIfMissing(IConfiguration configuration, Dictionary<string, string?> filled, string key, string value) =>
        AddIfMissing(configuration, filled, key, () => value);

    private static bool AddIfMissing(IConfiguration configuration, Dictionary<string, string?> filled, string key, Func<string> value)
    {
        if (configuration[key] is { Length: > 0 })
        {
            return false;
        }

        filled[key] = value();
        return true;
    }

    private static string Port(int configured) =>
        (configured != 0 ? configured : FreePort.Find()).ToString(CultureInfo.InvariantCulture);
}

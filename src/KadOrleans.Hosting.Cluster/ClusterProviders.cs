using System.Globalization;
using KadOrleans.Hosting.Settings;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace KadOrleans.Hosting.Cluster;

/// <summary>
/// What <c>Kad:Storage</c> and the settings beside it stand for in Orleans' own settings, for silos and edges alike. Whatever is given
/// there stays as it is; only what is missing is filled in.
/// </summary>
internal static class ClusterProviders
{
    /// <summary>The setting of the PostgreSQL database.</summary>
    public const string PostgreSqlSetting = $"Kad:{PostgreSql}";

    /// <summary>The section of Orleans' own options of membership.</summary>
    public const string Membership = "Orleans:Membership";

    private const string PostgreSql = "PostgreSql:ConnectionString";
    private const string DefaultId = "kad";
    private const string ClusterId = "Orleans:ClusterId";
    private const string ServiceId = "Orleans:ServiceId";
    private const string AdvertisedAddress = "Orleans:Endpoints:AdvertisedIPAddress";
    private const string Clustering = "Orleans:Clustering";
    private const string Gateways = $"{Clustering}:Gateways";
    private const string Storage = "Orleans:GrainStorage:Kad";
    private const string Reminders = "Orleans:Reminders";

    /// <summary>The settings to add to a silo's configuration.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// A setting is missing that has no default, cannot be used, or contradicts another.
    /// </exception>
    public static Dictionary<string, string?> FillIn(IConfiguration configuration, SiloSettings settings)
    {
        var filling = new Filling(configuration);
        filling.Add("Orleans:Endpoints:SiloPort", () => Port(settings.SiloPort));
        filling.Add("Orleans:Endpoints:GatewayPort", () => Port(settings.GatewayPort));
        if (settings.Address is { } address)
        {
            filling.Add(AdvertisedAddress, address.ToString);
        }

        // Silos that hear nothing of another for three times this long declare it dead. Orleans adapts to slower answers, up to
        // four times as long: so long a third of the keys could not be stored when a machine vanishes.
        filling.Add($"{Membership}:MaxProbeTimeout", "00:00:05");

        // One that was declared dead while it was cut off learns it from the table, and until then takes itself for a member.
        filling.Add($"{Membership}:TableRefreshTimeout", "00:00:15");
        switch (settings.Storage)
        {
            case StorageChoice.Local:
                AddLocal(filling, settings);
                break;
            case StorageChoice.AdoNet:
                CheckPostgreSql(configuration);
                AddPostgreSql(filling, Clustering, Storage, Reminders);
                break;
            default:
                AddAzure(filling);
                break;
        }

        CheckLocalStorageIsAlone(filling);
        return filling.Values;
    }

    /// <summary>The settings to add to an edge's configuration.</summary>
    /// <inheritdoc cref="FillIn(IConfiguration, SiloSettings)"/>
    public static Dictionary<string, string?> FillIn(IConfiguration configuration, EdgeSettings settings)
    {
        CheckPostgreSql(configuration);
        var filling = new Filling(configuration);
        switch (settings.Clustering)
        {
            case StorageChoice.Local:
                filling.Values[$"{Clustering}:ProviderType"] = "Static";
                AddGateways(filling, settings);
                break;
            case StorageChoice.AdoNet:
                AddPostgreSql(filling, Clustering);
                break;
            default:
                filling.Values[$"{Clustering}:ProviderType"] = "AzureTableStorage";
                AzureStorage.Require();
                if (!filling.IsConnected(Clustering))
                {
                    AzureSettings.Read(configuration, needsBlobs: false);
                    filling.Values[$"{Clustering}:ServiceKey"] = AzureStorage.ServiceKey;
                }

                break;
        }

        return filling.Values;
    }

    /// <summary>What an operator looks at first when an edge finds no silo.</summary>
    public static string SettingOf(EdgeSettings settings) => settings.Clustering switch
    {
        StorageChoice.Local => EdgeSettings.GatewaySetting,
        StorageChoice.AdoNet => PostgreSqlSetting,
        _ => "Kad:Storage",
    };

    /// <summary>Whether the Azure client of tables is needed, as what was filled in says.</summary>
    /// <param name="configuration">With what was filled in.</param>
    public static bool NeedsAzureTables(IConfiguration configuration) => configuration[$"{Clustering}:ServiceKey"] == AzureStorage.ServiceKey;

    private static void AddLocal(Filling filling, SiloSettings settings)
    {
        if (filling.AddProvider(Clustering, "Development") && settings.Address is null)
        {
            filling.Add(AdvertisedAddress, "127.0.0.1");
        }

        if (filling.AddProvider(Storage, "Sqlite"))
        {
            filling.Values[$"{Storage}:Folder"] = settings.Data;
            filling.Values[$"{Storage}:FolderSetting"] = "Kad:Data";
        }

        filling.AddProvider(Reminders, "Memory");
    }

    private static void AddGateways(Filling filling, EdgeSettings settings)
    {
        if (!settings.HasGateways && filling.Configuration.GetSection(Gateways).GetChildren().Any())
        {
            return;
        }

        for (var i = 0; i < settings.Gateways.Count; i++)
        {
            filling.Values[$"{Gateways}:{i}"] = settings.Gateways[i].ToString();
        }
    }

    private static void AddPostgreSql(Filling filling, params ReadOnlySpan<string> providers)
    {
        var section = new KadSection(filling.Configuration);
        foreach (var provider in providers)
        {
            filling.AddProvider(provider, "AdoNet");
            if (Is(filling[$"{provider}:ProviderType"], "AdoNet"))
            {
                filling.Add($"{provider}:Invariant", "Npgsql");
                if (!filling.IsConnected(provider))
                {
                    filling.Values[$"{provider}:ConnectionString"] = section.Required(PostgreSql, "Kad:Storage=AdoNet");
                    section.ThrowIfWrong();
                }
            }
        }
    }

    // Orleans would fail half-way up, on each of its providers, and say something else; an edge would wait for its silos without end.
    private static void CheckPostgreSql(IConfiguration configuration)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(new KadSection(configuration).Text(PostgreSql));
        }
        catch (ArgumentException mistake)
        {
            // The value may have a password.
            throw KadSection.Mistake(mistake.ParamName is { Length: > 0 } key
                ? $"{PostgreSqlSetting} has the key '{key}', which is unknown or has a value of the wrong kind; keys such as Host, Port, Database, Username and Password are allowed."
                : $"{PostgreSqlSetting} cannot be read: {mistake.Message.TrimEnd('.')}; NAME=VALUE with semicolons between is needed, such as Host=127.0.0.1;Database=orleans.");
        }
    }

    private static void AddAzure(Filling filling)
    {
        AzureStorage.Require();
        AzureSettings.Read(filling.Configuration, needsBlobs: true);
        AddKeyed(filling, Clustering, "AzureTableStorage");
        AddKeyed(filling, Reminders, "AzureTableStorage");
        if (AddKeyed(filling, Storage, "AzureBlobStorage"))
        {
            // Orleans' tables have the service's id in each row; its blobs have it nowhere.
            filling.Add($"{Storage}:ContainerName", () => filling[ServiceId]!.ToLowerInvariant());
        }
    }

    private static bool AddKeyed(Filling filling, string provider, string type)
    {
        var isAdded = filling.AddProvider(provider, type);
        if (isAdded)
        {
            filling.Values[$"{provider}:ServiceKey"] = AzureStorage.ServiceKey;
        }

        return isAdded;
    }

    // A file that one process holds cannot be the state of a cluster of several.
    private static void CheckLocalStorageIsAlone(Filling filling)
    {
        var clustering = filling[$"{Clustering}:ProviderType"];
        if (Is(filling[$"{Storage}:ProviderType"], "Sqlite") && !Is(clustering, "Development"))
        {
            throw KadSection.Mistake(
                $"{Storage}:ProviderType is 'Sqlite', which a single silo can use, but {Clustering}:ProviderType is "
                + $"'{clustering}'; choose both with Kad:Storage, or set both.");
        }
    }

    private static bool Is(string? type, string name) => string.Equals(type, name, StringComparison.OrdinalIgnoreCase);

    private static string Port(int configured) =>
        (configured != 0 ? configured : FreePort.Find()).ToString(CultureInfo.InvariantCulture);

    /// <summary>What is given, and what is added where nothing is.</summary>
    private sealed class Filling
    {
        public Filling(IConfiguration configuration)
        {
            Configuration = configuration;
            Add(ClusterId, DefaultId);
            Add(ServiceId, DefaultId);
        }

        public IConfiguration Configuration { get; }

        public Dictionary<string, string?> Values { get; } = [];

        public string? this[string key] => Values.GetValueOrDefault(key) ?? Configuration[key];

        public bool AddProvider(string provider, string type) => Add($"{provider}:ProviderType", type);

        public bool Add(string key, string value) => Add(key, () => value);

        public bool Add(string key, Func<string> value)
        {
            var isMissing = string.IsNullOrWhiteSpace(Configuration[key]);
            if (isMissing)
            {
                Values[key] = value();
            }

            return isMissing;
        }

        /// <summary>Whether a provider is told by Orleans' own settings how to reach its storage.</summary>
        public bool IsConnected(string provider) => Configuration[$"{provider}:ConnectionString"] is { Length: > 0 }
            || (Configuration[$"{provider}:ConnectionName"] is { Length: > 0 } name
                && Configuration.GetConnectionString(name) is { Length: > 0 });
    }
}

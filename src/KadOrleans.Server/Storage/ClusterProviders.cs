using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using static KadOrleans.Server.OrleansSettings;

namespace KadOrleans.Server;

/// <summary>Translates <c>Kad:Storage</c> and its settings into Orleans' own. What is given of Orleans' settings of a silo stays.</summary>
public static class ClusterProviders
{
    public const string PostgreSqlSetting = "Kad:PostgreSql:ConnectionString";

    public const string Membership = "Orleans:Membership";

    // The range that a port for 0 is chosen from. Outgoing connections, whose range is above, could take it before Orleans listens.
    private const int FirstPort = 15_000;
    private const int EndPort = 32_000;
    private const int PortAttempts = 1_000;

    private const string AdvertisedAddress = "Orleans:Endpoints:AdvertisedIPAddress";
    private const string Gateways = $"{Clustering}:Gateways";

    // Settings for a silo. OptionsValidationException: a required one is missing, is wrong, or contradicts another.
    public static Dictionary<string, string?> FillInSilo(IConfiguration configuration, KadOptions options, KadProviders providers)
    {
        var orleans = new OrleansSettings(configuration);
        orleans.Add("Orleans:Endpoints:SiloPort", Port(options.Silo.Port));
        orleans.Add("Orleans:Endpoints:GatewayPort", Port(options.Silo.GatewayPort));
        if (options.Silo.Address is { } address)
        {
            orleans.Add(AdvertisedAddress, address);
        }

        // Orleans waits half of this for a probe, or longer if responses are slow, and three probes in a row have to fail. A process that
        // has ended is found sooner (EndedSilos).
        orleans.Add($"{Membership}:ProbeTimeout", "00:00:02");

        // While a connection to a silo is open, silos declare it dead only after three such timeouts without a message. So one that hangs
        // for less stays a member. By default it is four times the above, and Orleans raises the timeout up to it for slow responses.
        // For that long a third of the keys could not be stored after the loss of a machine.
        orleans.Add($"{Membership}:MaxProbeTimeout", "00:00:05");

        // A silo that was declared dead while cut off learns it from the table. Until then it acts as a member.
        orleans.Add($"{Membership}:TableRefreshTimeout", "00:00:15");

        // After three of these without a sign of life in the table a silo has no vote. Two of three silos that are lost at once otherwise keep
        // theirs for a minute and a half, and the third cannot declare them dead alone.
        orleans.Add($"{Membership}:IAmAliveTablePublishTimeout", "00:00:10");
        switch (options.Storage)
        {
            case StorageChoice.Local:
                AddLocal(orleans, options);
                break;
            case StorageChoice.AdoNet:
                ConnectionDefaults.Read(PostgreSqlSetting, options.PostgreSql.ConnectionString);
                AddPostgreSql(orleans, options.PostgreSql, Clustering, OrleansSettings.Storage, Reminders);
                break;
            case StorageChoice.AzureStorage:
                providers.RequireStorage().FillInSilo(orleans);
                break;
            default:
                throw new UnreachableException($"The storage is {options.Storage}.");
        }

        UseOwnPostgreSql(orleans);
        CheckLocalStorageIsAlone(orleans);
        CheckRecords(orleans[$"{OrleansSettings.Storage}:ProviderType"]);
        return orleans.Values;
    }

    public static Dictionary<string, string?> FillInEdge(IConfiguration configuration, KadOptions options, KadProviders providers)
    {
        ConnectionDefaults.Read(PostgreSqlSetting, options.PostgreSql.ConnectionString);
        var orleans = new OrleansSettings(configuration);
        switch (options.Clustering)
        {
            case StorageChoice.Local:
                orleans.Values[$"{Clustering}:ProviderType"] = "Static";
                AddGateways(orleans, options.Cluster.Gateway);
                break;
            case StorageChoice.AdoNet:
                AddPostgreSql(orleans, options.PostgreSql, Clustering);
                break;
            case StorageChoice.AzureStorage:
                providers.RequireStorage().FillInEdge(orleans);
                break;
            default:
                throw new UnreachableException($"The clustering is {options.Clustering}.");
        }

        return orleans.Values;
    }

    public static string SettingOf(KadOptions options) => options.Clustering switch
    {
        StorageChoice.Local => "Kad:Cluster:Gateway",
        StorageChoice.AdoNet => PostgreSqlSetting,
        StorageChoice.AzureStorage => "Kad:Storage",
    };

    public static bool Is(IConfiguration configuration, string provider, string type) =>
        Is(configuration[$"{provider}:ProviderType"], type);

    private static void AddLocal(OrleansSettings orleans, KadOptions options)
    {
        if (orleans.AddProvider(Clustering, "Development") && options.Silo.Address is null)
        {
            orleans.Add(AdvertisedAddress, "127.0.0.1");
        }

        if (orleans.AddProvider(OrleansSettings.Storage, "Sqlite"))
        {
            orleans.Values[$"{OrleansSettings.Storage}:Folder"] = options.Data;
            orleans.Values[$"{OrleansSettings.Storage}:FolderSetting"] = "Kad:Data";
        }

        orleans.AddProvider(Reminders, "Memory");
    }

    private static void AddGateways(OrleansSettings orleans, IList<string> gateways)
    {
        if (gateways.Count == 0 && orleans.Configuration.GetSection(Gateways).GetChildren().Any())
        {
            return;
        }

        foreach (var (i, gateway) in gateways.DefaultIfEmpty(ClientOptions.DefaultGateway).Index())
        {
            KadSettings.TryEndPoint(gateway, out var endpoint);
            orleans.Values[$"{Gateways}:{i}"] = endpoint.ToString();
        }
    }

    private static void AddPostgreSql(OrleansSettings orleans, PostgreSqlOptions database, params ReadOnlySpan<string> providers)
    {
        foreach (var provider in providers)
        {
            orleans.AddProvider(provider, "AdoNet");
            var type = orleans[$"{provider}:ProviderType"];
            if (Is(type, "AdoNet") || Is(type, PostgreSqlGrainStorage.ProviderType))
            {
                orleans.Add($"{provider}:Invariant", "Npgsql");
                if (!orleans.IsConnected(provider))
                {
                    orleans.Values[$"{provider}:ConnectionString"] = ConnectionDefaults.Complete(
                        PostgreSqlSetting,
                        database.ConnectionString ?? throw KadSettings.Mistake($"{PostgreSqlSetting} is missing; Kad:Storage=AdoNet needs it."));
                }
            }
        }
    }

    // Orleans' settings call grain state in a database AdoNet, whichever database it is. For PostgreSQL it is this project's, on the same table.
    private static void UseOwnPostgreSql(OrleansSettings orleans)
    {
        const string provider = $"{OrleansSettings.Storage}:ProviderType";
        const string invariant = $"{OrleansSettings.Storage}:Invariant";
        if (!Is(orleans[provider], "AdoNet"))
        {
            return;
        }

        if (!Is(orleans[invariant], "Npgsql"))
        {
            throw KadSettings.Mistake(
                $"{invariant} is '{orleans[invariant]}', and {provider} is 'AdoNet'; Npgsql, for PostgreSQL, is allowed.");
        }

        orleans.Values[provider] = PostgreSqlGrainStorage.ProviderType;
    }

    // One process locks the file, so it cannot hold the state of several silos.
    private static void CheckLocalStorageIsAlone(OrleansSettings orleans)
    {
        var clustering = orleans[$"{Clustering}:ProviderType"];
        if (Is(orleans[$"{OrleansSettings.Storage}:ProviderType"], "Sqlite") && !Is(clustering, "Development"))
        {
            throw KadSettings.Mistake(
                $"{OrleansSettings.Storage}:ProviderType is 'Sqlite', which is for a single silo, but {Clustering}:ProviderType is "
                + $"'{clustering}'; 'Development' is needed with it, and Kad:Storage=Local sets both.");
        }
    }

    // The other providers hold larger records than a grain writes, as Azure's tables with 960 KiB.
    private static void CheckRecords(string? provider)
    {
        if (Is(provider, "DynamoDB"))
        {
            throw KadSettings.Mistake(
                $"{OrleansSettings.Storage}:ProviderType is '{provider}', whose records have at most 400 KiB; "
                + $"a provider with records of more than {ShardRecordStorage.MaxRecordBytes / 1024} KiB is needed.");
        }
    }

    private static bool Is(string? type, string name) => string.Equals(type, name, StringComparison.OrdinalIgnoreCase);

    private static string Port(int configured) =>
        (configured != 0 ? configured : FindFreePort()).ToString(CultureInfo.InvariantCulture);

    // Orleans needs the number before it listens.
    private static int FindFreePort()
    {
        for (var attempt = 0; attempt < PortAttempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(FirstPort, EndPort);
            using var listener = new TcpListener(IPAddress.Any, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // In use.
            }
        }

        throw KadSettings.Mistake("No free TCP port was found for a port of 0; set Kad:Silo:Port and Kad:Silo:GatewayPort.");
    }
}

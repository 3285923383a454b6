using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;
using static KadOrleans.Server.Filling;

namespace KadOrleans.Server;

/// <summary>Translates <c>Kad:Storage</c> and its settings into Orleans' own. Settings of Orleans that are given stay.</summary>
public static class ClusterProviders
{
    public const string PostgreSqlSetting = "Kad:PostgreSql:ConnectionString";

    public const string Membership = "Orleans:Membership";

    // The range for ports of 0. It is below that for outgoing connections, which could take a port before Orleans listens.
    private const int FirstPort = 15_000;
    private const int EndPort = 32_000;
    private const int PortAttempts = 1_000;

    private const string AdvertisedAddress = "Orleans:Endpoints:AdvertisedIPAddress";
    private const string Gateways = $"{Clustering}:Gateways";

    // Settings for a silo. OptionsValidationException: a required one is missing, is wrong, or contradicts another.
    public static Dictionary<string, string?> FillInSilo(IConfiguration configuration, KadOptions options, KadProviders providers)
    {
        var filling = new Filling(configuration);
        filling.Add("Orleans:Endpoints:SiloPort", Port(options.Silo.Port));
        filling.Add("Orleans:Endpoints:GatewayPort", Port(options.Silo.GatewayPort));
        if (options.Silo.Address is { } address)
        {
            filling.Add(AdvertisedAddress, address);
        }

        // Orleans waits half of this for a probe, or longer if responses are slow, and three probes in a row have to fail. A silo whose
        // process died is so found after some 3 s: its connections are closed.
        filling.Add($"{Membership}:ProbeTimeout", "00:00:02");

        // While a connection to a silo is open, silos declare it dead only after three such timeouts without a message. So one that hangs
        // for less is none the worse for short probes. By default it is four times the above, and Orleans raises the timeout up to it for
        // slow responses. For that long a third of the keys could not be stored after the loss of a machine.
        filling.Add($"{Membership}:MaxProbeTimeout", "00:00:05");

        // A silo that was declared dead while cut off learns it from the table. Until then it acts as a member.
        filling.Add($"{Membership}:TableRefreshTimeout", "00:00:15");
        switch (options.Storage)
        {
            case StorageChoice.Local:
                AddLocal(filling, options);
                break;
            case StorageChoice.AdoNet:
                CheckPostgreSql(options.PostgreSql);
                AddPostgreSql(filling, options.PostgreSql, Clustering, Filling.Storage, Reminders);
                break;
            default:
                providers.RequireStorage().FillInSilo(filling);
                break;
        }

        CheckLocalStorageIsAlone(filling);
        CheckRecords(filling[$"{Filling.Storage}:ProviderType"]);
        return filling.Values;
    }

    public static Dictionary<string, string?> FillInEdge(IConfiguration configuration, KadOptions options, KadProviders providers)
    {
        CheckPostgreSql(options.PostgreSql);
        var filling = new Filling(configuration);
        switch (options.Clustering)
        {
            case StorageChoice.Local:
                filling.Values[$"{Clustering}:ProviderType"] = "Static";
                AddGateways(filling, options.Cluster.Gateway);
                break;
            case StorageChoice.AdoNet:
                AddPostgreSql(filling, options.PostgreSql, Clustering);
                break;
            default:
                providers.RequireStorage().FillInEdge(filling);
                break;
        }

        return filling.Values;
    }

    public static string SettingOf(KadOptions options) => options.Clustering switch
    {
        StorageChoice.Local => "Kad:Cluster:Gateway",
        StorageChoice.AdoNet => PostgreSqlSetting,
        _ => "Kad:Storage",
    };

    public static bool Is(IConfiguration configuration, string provider, string type) =>
        Is(configuration[$"{provider}:ProviderType"], type);

    private static void AddLocal(Filling filling, KadOptions options)
    {
        if (filling.AddProvider(Clustering, "Development") && options.Silo.Address is null)
        {
            filling.Add(AdvertisedAddress, "127.0.0.1");
        }

        if (filling.AddProvider(Filling.Storage, "Sqlite"))
        {
            filling.Values[$"{Filling.Storage}:Folder"] = options.Data;
            filling.Values[$"{Filling.Storage}:FolderSetting"] = "Kad:Data";
        }

        filling.AddProvider(Reminders, "Memory");
    }

    private static void AddGateways(Filling filling, IList<string> gateways)
    {
        if (gateways.Count == 0 && filling.Configuration.GetSection(Gateways).GetChildren().Any())
        {
            return;
        }

        foreach (var (i, gateway) in gateways.DefaultIfEmpty(ClientOptions.DefaultGateway).Index())
        {
            KadSettings.TryEndPoint(gateway, out var endpoint);
            filling.Values[$"{Gateways}:{i}"] = endpoint.ToString();
        }
    }

    private static void AddPostgreSql(Filling filling, PostgreSqlOptions database, params ReadOnlySpan<string> providers)
    {
        foreach (var provider in providers)
        {
            filling.AddProvider(provider, "AdoNet");
            if (Is(filling[$"{provider}:ProviderType"], "AdoNet"))
            {
                filling.Add($"{provider}:Invariant", "Npgsql");
                if (!filling.IsConnected(provider))
                {
                    filling.Values[$"{provider}:ConnectionString"] = database.ConnectionString
                        ?? throw KadSettings.Mistake($"{PostgreSqlSetting} is missing; Kad:Storage=AdoNet needs it.");
                }
            }
        }
    }

    // Checked here, as Orleans would fail later, in each of its providers, with unclear errors. An edge would wait for silos for ever.
    private static void CheckPostgreSql(PostgreSqlOptions database)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        }
        catch (ArgumentException mistake)
        {
            // The value may contain a password, so the error leaves it out.
            throw KadSettings.Mistake(mistake.ParamName is { Length: > 0 } key
                ? $"{PostgreSqlSetting} has the key '{key}', which is unknown or has a value of the wrong kind; keys such as Host, Port, Database, Username and Password are allowed."
                : $"{PostgreSqlSetting} cannot be read: {mistake.Message.TrimEnd('.')}; NAME=VALUE with semicolons between is needed, such as Host=127.0.0.1;Database=orleans.");
        }
    }

    // One process locks the file, so it cannot hold the state of several silos.
    private static void CheckLocalStorageIsAlone(Filling filling)
    {
        var clustering = filling[$"{Clustering}:ProviderType"];
        if (Is(filling[$"{Filling.Storage}:ProviderType"], "Sqlite") && !Is(clustering, "Development"))
        {
            throw KadSettings.Mistake(
                $"{Filling.Storage}:ProviderType is 'Sqlite', which a single silo can use, but {Clustering}:ProviderType is "
                + $"'{clustering}'; choose both with Kad:Storage, or set both.");
        }
    }

    // The other providers hold larger records than a grain writes, as Azure's tables with 960 KiB.
    private static void CheckRecords(string? provider)
    {
        if (Is(provider, "DynamoDB"))
        {
            throw KadSettings.Mistake(
                $"{Filling.Storage}:ProviderType is '{provider}', whose records have at most 400 KiB; "
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

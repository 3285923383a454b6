using System.Globalization;
using static KadOrleans.Server.OrleansSettings;

namespace KadOrleans.Server;

/// <summary>Translates <c>Kad:Storage</c>, <c>Kad:Clustering</c> and their settings into Orleans' own, each part by its storage's provider.</summary>
internal static class ClusterProviders
{
    public const string Membership = "Orleans:Membership";

    private const string GrainStorages = "Orleans:GrainStorage";

    // Settings for a silo. OptionsValidationException: a required one is missing, is wrong, or contradicts another.
    public static Dictionary<string, string?> FillInSilo(IConfiguration configuration, KadOptions options, KadProviders providers)
    {
        providers.CheckSettings(configuration);
        var orleans = new OrleansSettings(configuration);
        orleans.Add("Orleans:Endpoints:SiloPort", Port(options.Silo.Port));
        orleans.Add("Orleans:Endpoints:GatewayPort", Port(options.Silo.GatewayPort));
        if (options.Silo.Address is { } address)
        {
            orleans.Add(LocalProvider.AdvertisedAddress, address);
        }

        // Orleans waits half of this for a probe, or longer if responses are slow, and three probes in a row have to fail.
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
        CheckName(configuration);
        CheckLocalStorageIsAlone(options);
        foreach (var (section, name, setting) in Parts(configuration, options, providers))
        {
            providers.Require(name, setting, section).FillIn(orleans, options, section, isSilo: true);
        }

        return orleans.Values;
    }

    /// <summary>Settings for an edge, a client of the silos.</summary>
    /// <exception cref="OptionsValidationException">A setting is missing, is wrong, or contradicts another.</exception>
    public static Dictionary<string, string?> FillInEdge(IConfiguration configuration, KadOptions options, KadProviders providers)
    {
        providers.CheckSettings(configuration);
        CheckIsClient(configuration);
        var orleans = new OrleansSettings(configuration);
        providers.Require(options.Clustering, options.ClusteringSetting, Clustering).FillIn(orleans, options, Clustering, isSilo: false);
        return orleans.Values;
    }

    /// <summary>Adds the connections that Orleans' providers take from the services, by the configuration with the added settings.</summary>
    public static void AddConnections(
        IServiceCollection services, IConfiguration configuration, KadOptions options, KadProviders providers, bool isSilo)
    {
        foreach (var (section, name, setting) in isSilo
            ? Parts(configuration, options, providers)
            : [(Clustering, options.Clustering, options.ClusteringSetting)])
        {
            providers.Require(name, setting, section).AddConnections(services, configuration, section);
        }
    }

    /// <summary>The setting by which an edge finds the silos.</summary>
    /// <param name="filled">The configuration with what was added to it.</param>
    /// <param name="options">The edge's.</param>
    public static string SettingOf(IConfiguration filled, KadOptions options) =>
        FindConnectionSetting(filled, Clustering) ?? options.ClusteringSetting;

    public static bool Is(IConfiguration configuration, string provider, string type) =>
        Is(configuration[$"{provider}:ProviderType"], type);

    // The parts of a cluster, each with the name of its storage and the setting that says so.
    private static IEnumerable<(string Section, string Name, string Setting)> Parts(
        IConfiguration configuration, KadOptions options, KadProviders providers) =>
    [
        (OrleansSettings.Storage, options.Storage, options.StorageSetting),
        (Clustering, options.Clustering, options.ClusteringSetting),
        (Reminders, options.Reminders, options.RemindersSetting),
        .. configuration.GetSection(Directories).GetChildren().Where(directory => directory["ProviderType"] is { Length: > 0 })
            .Select(directory => ($"{Directories}:{directory.Key}", providers.Known.Find(directory["ProviderType"]!), $"{directory.Path}:ProviderType")),
    ];

    // A silo of kad-server has no other grains than this project's.
    private static void CheckName(IConfiguration configuration)
    {
        var given = configuration.GetSection(GrainStorages).GetChildren().Select(storage => storage.Key).ToList();
        if (given.Count > 0 && !given.Contains(GrainStorageName.Kad, StringComparer.OrdinalIgnoreCase))
        {
            throw KadSettings.Mistake(
                $"{GrainStorages}:{given[0]} is set, and a silo keeps its state in {OrleansSettings.Storage}; that name is needed "
                + "(in Aspire, WithGrainStorage(\"Kad\", …)).");
        }
    }

    // One process locks the file, so it cannot hold the state of several silos.
    private static void CheckLocalStorageIsAlone(KadOptions options)
    {
        if (options is { IsLocal: true, Clustering: not KadOptions.LocalStorage })
        {
            throw KadSettings.Mistake(
                $"{options.StorageSetting} means Local, a file, which is for a single silo, but {options.ClusteringSetting} "
                + $"means {options.Clustering}; Kad:Storage=PostgreSql is needed with it, or another storage for several silos.");
        }
    }

    // Orleans' client ends with an error of its own.
    private static void CheckIsClient(IConfiguration configuration)
    {
        if (((string[])[Reminders, GrainStorages, Directories]).FirstOrDefault(section => configuration.GetSection(section).Exists()) is { } ofSilo)
        {
            throw KadSettings.Mistake(
                $"{ofSilo} is set, which is for silos, and this is an edge, a client; no setting of it is allowed "
                + "(in Aspire, AsClient() leaves it out).");
        }
    }

    private static bool Is(string? type, string name) => string.Equals(type, name, StringComparison.OrdinalIgnoreCase);

    private static string Port(int configured) =>
        (configured != 0 ? configured : ChosenPorts.Find()).ToString(CultureInfo.InvariantCulture);
}

using System.Net;
using KadOrleans.Core;

namespace KadOrleans.Edge.Configuration;

/// <summary>
/// How the silos are found: <c>Kad:Storage</c> with the silos' value, or <c>Orleans:Clustering:ProviderType</c>. Fills in what
/// Orleans' own providers need from the short settings, and refuses what they would fail on later. What is set for Orleans
/// stays as it is.
/// </summary>
internal static class ClusterConnection
{
    public const string StorageSetting = "Kad:Storage";
    public const string ProviderSetting = "Orleans:Clustering:ProviderType";
    public const string GatewaySetting = "Kad:Cluster:Gateway";
    public const string PostgreSqlSetting = "Kad:PostgreSql:ConnectionString";

    /// <summary>The silos' default of both ids.</summary>
    private const string DefaultClusterId = "kad";

    private const string DefaultGateway = "127.0.0.1:30000";
    private const string Gateways = "Orleans:Clustering:Gateways";
    private const string ConnectionString = "Orleans:Clustering:ConnectionString";

    /// <summary>The settings to add for Orleans.</summary>
    /// <exception cref="ConfigurationException">A setting is missing, unknown or unreadable.</exception>
    public static IReadOnlyDictionary<string, string?> Complete(IConfiguration configuration)
    {
        var settings = new Dictionary<string, string?>();
        var (setting, choice) = configuration[ProviderSetting] is { Length: > 0 } provider
            ? (ProviderSetting, provider)
            : (StorageSetting, configuration[StorageSetting] ?? string.Empty);
        switch (choice.ToUpperInvariant())
        {
            case "" or "LOCAL" or "LOCALHOST" or "DEVELOPMENT" or "STATIC":
                settings[ProviderSetting] = "Static";
                AddGateways(configuration, settings);
                break;
            case "ADONET":
                settings[ProviderSetting] = "AdoNet";
                AddPostgreSql(configuration, settings, setting);
                break;
            case "AZURESTORAGE" or "AZURETABLESTORAGE":
                AzureClustering.Complete(configuration, settings, setting);
                break;
            default:
                throw new ConfigurationException(
                    $"{setting} is '{choice}'; Local (silos at {GatewaySetting}), AdoNet or AzureStorage is needed.");
        }

        foreach (var name in (ReadOnlySpan<string>)["Orleans:ClusterId", "Orleans:ServiceId"])
        {
            if (string.IsNullOrWhiteSpace(configuration[name]))
            {
                settings[name] = DefaultClusterId;
            }
        }

        return settings;
    }

    /// <summary>What an operator would look at first when no silo is found.</summary>
    /// <param name="configuration">With what <see cref="Complete"/> added.</param>
    public static string SettingOf(IConfiguration configuration) => configuration[ProviderSetting] switch
    {
        "Static" => GatewaySetting,
        "AdoNet" => PostgreSqlSetting,
        _ => StorageSetting,
    };

    private static void AddGateways(IConfiguration configuration, Dictionary<string, string?> settings)
    {
        if (configuration[GatewaySetting] is null && configuration.GetSection(Gateways).GetChildren().Any())
        {
            return;
        }

        var texts = (configuration[GatewaySetting] ?? DefaultGateway)
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (texts.Length == 0)
        {
            throw new ConfigurationException($"{GatewaySetting} is empty; IP:PORT of a silo's gateway is needed, such as {DefaultGateway}.");
        }

        for (var i = 0; i < texts.Length; i++)
        {
            var text = texts[i].Replace("localhost:", "127.0.0.1:", StringComparison.OrdinalIgnoreCase);
            if (!UdpEndpoint.TryParse(text, out var gateway) || gateway.Port == 0)
            {
                throw new ConfigurationException(
                    $"{GatewaySetting} is '{texts[i]}'; IP:PORT of a silo's gateway is needed, such as {DefaultGateway}, or several with commas.");
            }

            settings[$"{Gateways}:{i}"] = new IPEndPoint(gateway.ToIPAddress(), gateway.Port).ToString();
        }
    }

    private static void AddPostgreSql(IConfiguration configuration, Dictionary<string, string?> settings, string setting)
    {
        settings["Orleans:Clustering:Invariant"] = configuration["Orleans:Clustering:Invariant"] ?? "Npgsql";
        if (!string.IsNullOrEmpty(configuration[ConnectionString])
            || (configuration["Orleans:Clustering:ConnectionName"] is { Length: > 0 } name
                && !string.IsNullOrEmpty(configuration.GetConnectionString(name))))
        {
            return;
        }

        settings[ConnectionString] = configuration[PostgreSqlSetting] is { Length: > 0 } text
            ? text
            : throw new ConfigurationException($"{PostgreSqlSetting} is missing; {setting}=AdoNet needs the PostgreSQL "
                + "database of the silos, such as Host=127.0.0.1;Database=orleans;Username=kad;Password=….");
    }
}

using System.Net;
using KadOrleans.Hosting.Http;
using KadOrleans.Hosting.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Hosting.Settings;

/// <summary>Where a cluster keeps its membership, grain state and reminders.</summary>
internal enum StorageChoice
{
    /// <summary>One silo on this machine: state in an SQLite file, the rest in memory.</summary>
    Local,

    /// <summary>PostgreSQL for all three.</summary>
    AdoNet,

    /// <summary>Azure Storage: tables or blobs for state, tables for the rest.</summary>
    AzureStorage,
}

/// <summary>The credentials of the dashboard.</summary>
internal sealed record DashboardCredentials(string User, string Password)
{
    /// <inheritdoc/>
    public override string ToString() => User;
}

/// <summary>The settings that silos and edges share: one file may have those of both. Read once at start.</summary>
internal abstract class ProcessSettings
{
    /// <summary>The setting of the address for HTTP.</summary>
    public const string HttpSetting = "Kad:Http";

    /// <summary>The setting of the allowed host names of HTTP.</summary>
    public const string HttpHostsSetting = "Kad:Http:Hosts";

    /// <summary>The setting of the file with the API's tokens.</summary>
    public const string HttpTokensSetting = "Kad:Http:Tokens";

    // Orleans' names of the providers.
    private static readonly Dictionary<string, StorageChoice> StorageAliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Localhost"] = StorageChoice.Local,
        ["Development"] = StorageChoice.Local,
        ["Static"] = StorageChoice.Local,
        ["AzureTableStorage"] = StorageChoice.AzureStorage,
    };

    private protected ProcessSettings(IConfiguration configuration, KadSection section, int httpPort, string service)
    {
        Storage = ReadStorage(section, nameof(Storage));
        Http = section.EndPoint(nameof(Http), new IPEndPoint(IPAddress.Loopback, httpPort));
        HttpHosts = section.HostNames("Http:Hosts");
        HttpTokens = section.Text("Http:Tokens");
        HttpConnections = section.Integer(
            "Http:Connections", HttpLimits.MaxConnections, HttpLimits.LeastConnections, HttpLimits.MostConnections);
        Verbose = section.Flag(nameof(Verbose), missing: false);
        Edge = EdgeOptions.Read(section);
        Tls = KadTlsOptions.Read(configuration);
        Telemetry = TelemetryOptions.Read(configuration, service);
    }

    /// <summary>Where the cluster's durable state is kept. Default: Local.</summary>
    public StorageChoice Storage { get; }

    /// <summary>
    /// The address of health, status and a silo's dashboard. Default: port 8080 of a silo and 8081 of an edge, on loopback.
    /// </summary>
    public IPEndPoint Http { get; }

    /// <summary>The host names that HTTP requests may use besides IP addresses and localhost. Default: none.</summary>
    public HostNames HttpHosts { get; }

    /// <summary>The file of the API's tokens. Null: the API is not served, except by a silo that <see cref="SiloSettings.HasOwnToken"/>.</summary>
    public string? HttpTokens { get; }

    /// <summary>The most open connections of HTTP. Default: 256.</summary>
    public int HttpConnections { get; }

    /// <summary>Whether details and whole exceptions are logged.</summary>
    public bool Verbose { get; }

    /// <summary>The options of the process's edge. They are checked even if it has none.</summary>
    public EdgeOptions Edge { get; }

    /// <summary>The encryption of connections. Null if off.</summary>
    public KadTlsOptions? Tls { get; }

    /// <summary>The export of metrics and traces. Null if off.</summary>
    public TelemetryOptions? Telemetry { get; }

    private protected static StorageChoice ReadStorage(KadSection section, string key) =>
        section.Choice(key, StorageChoice.Local, StorageAliases);
}

/// <summary>The settings of a silo.</summary>
internal sealed class SiloSettings : ProcessSettings
{
    /// <summary>Orleans' usual port between silos.</summary>
    public const int DefaultSiloPort = 11111;

    /// <summary>Orleans' usual port for clients.</summary>
    public const int DefaultGatewayPort = 30000;

    /// <summary>
    /// The timeout of a stop. Leases are handed back and the grains' state is saved within it. With some seconds of grace it stays below
    /// the 30 s that orchestrators allow.
    /// </summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(20);

    private SiloSettings(IConfiguration configuration, KadSection section)
        : base(configuration, section, 8080, "kad-silo")
    {
        Data = section.Text(nameof(Data)) ?? "kad-cluster-data";
        Address = section.HostAddress("Silo:Address");
        SiloPort = section.Integer("Silo:Port", DefaultSiloPort, 0, ushort.MaxValue);
        GatewayPort = section.Integer("Silo:GatewayPort", DefaultGatewayPort, 0, ushort.MaxValue);
        Dashboard = ReadDashboard(section);
        EdgeEnabled = section.Flag("Edge:Enabled", Storage == StorageChoice.Local);
        section.ThrowIfWrong();
    }

    /// <summary>Folder of the SQLite file. Default: kad-cluster-data in the current folder.</summary>
    public string Data { get; }

    /// <summary>The address that the silo listens on and that others use. Null: Orleans chooses one of this machine's.</summary>
    public IPAddress? Address { get; }

    /// <summary>Port for other silos; 0 is any free one.</summary>
    public int SiloPort { get; }

    /// <summary>Port for Orleans clients; 0 is any free one.</summary>
    public int GatewayPort { get; }

    /// <summary>The credentials of the dashboard; null if not set.</summary>
    public DashboardCredentials? Dashboard { get; }

    /// <summary>Whether the silo's process runs an edge too. Default: true only in Local mode.</summary>
    public bool EdgeEnabled { get; }

    /// <summary>Whether the dashboard is served: on loopback, or with a password.</summary>
    public bool ServesDashboard => IPAddress.IsLoopback(Http.Address) || Dashboard is not null;

    /// <summary>
    /// Whether the silo makes a token for its API. It does if it has a data folder, serves this machine alone, and has no tokens by
    /// <see cref="ProcessSettings.HttpTokens"/>.
    /// </summary>
    public bool HasOwnToken => HttpTokens is null && Storage == StorageChoice.Local && IPAddress.IsLoopback(Http.Address);

    /// <summary>Reads and checks all settings.</summary>
    /// <exception cref="OptionsValidationException">Settings are unknown or wrong; one sentence for each.</exception>
    public static SiloSettings Read(IConfiguration configuration)
    {
        KadSettings.RefuseUnknown(configuration);
        return new SiloSettings(configuration, new KadSection(configuration));
    }

    private static DashboardCredentials? ReadDashboard(KadSection section)
    {
        const string reason = "a password for the dashboard has both a user and a password, and it";
        if (section.Text("Dashboard:User") is null && section.Text("Dashboard:Password") is null)
        {
            return null;
        }

        var user = section.Required("Dashboard:User", reason);
        if (user.Contains(':', StringComparison.Ordinal))
        {
            section.Add("Dashboard:User", user, "a name without a colon is needed");
        }

        return new DashboardCredentials(user, section.Required("Dashboard:Password", reason));
    }
}

/// <summary>The settings of an edge in a process of its own.</summary>
internal sealed class EdgeSettings : ProcessSettings
{
    /// <summary>The setting of the silos' gateways.</summary>
    public const string GatewaySetting = "Kad:Cluster:Gateway";

    /// <summary>The timeout of a stop, below the 30 s that orchestrators allow.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(25);

    private const string Provider = "ProviderType";
    private static readonly IPEndPoint DefaultGateway = new(IPAddress.Loopback, SiloSettings.DefaultGatewayPort);

    private EdgeSettings(IConfiguration configuration, KadSection section)
        : base(configuration, section, 8081, "kad-edge")
    {
        var orleans = new KadSection(configuration, "Orleans:Clustering");
        Clustering = orleans.Text(Provider) is null ? Storage : ReadStorage(orleans, Provider);
        Gateways = section.Read<IReadOnlyList<IPEndPoint>>("Cluster:Gateway", [DefaultGateway], GatewayNeeded, TryGateways);
        HasGateways = section.Text("Cluster:Gateway") is not null;
        section.ThrowIfWrong();
        orleans.ThrowIfWrong();
    }

    /// <summary>Where the silos' addresses are found: by <c>Orleans:Clustering:ProviderType</c>, else in their storage.</summary>
    public StorageChoice Clustering { get; }

    /// <summary>The silos' gateways, for an edge that does not read the silos' storage. Default: 127.0.0.1:30000.</summary>
    public IReadOnlyList<IPEndPoint> Gateways { get; }

    /// <summary>Whether gateways are set.</summary>
    public bool HasGateways { get; }

    private static string GatewayNeeded => $"IP:PORT of a silo's gateway is needed, such as {DefaultGateway}, or several with commas";

    /// <summary>Reads and checks all settings.</summary>
    /// <exception cref="OptionsValidationException">Settings are unknown or wrong; one sentence for each.</exception>
    public static EdgeSettings Read(IConfiguration configuration)
    {
        KadSettings.RefuseUnknown(configuration);
        return new EdgeSettings(configuration, new KadSection(configuration));
    }

    private static bool TryGateways(string text, out IReadOnlyList<IPEndPoint> gateways)
    {
        var parsed = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(entry => KadSection.TryEndPoint(entry, out var gateway) && gateway.Port != 0 && entry.Contains(':', StringComparison.Ordinal) ? gateway : null)
            .ToList();
        gateways = [.. parsed.OfType<IPEndPoint>()];
        return parsed.Count > 0 && gateways.Count == parsed.Count;
    }
}

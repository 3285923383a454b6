using System.Net;
using KadOrleans.Hosting.Http;
using KadOrleans.Tls.Configuration;

namespace KadOrleans.Silo.Configuration;

/// <summary>What the section <c>Kad</c> says of this silo. Read once at start.</summary>
internal sealed record SiloSettings
{
    /// <summary>Orleans' usual port between silos.</summary>
    public const int DefaultSiloPort = 11111;

    /// <summary>Orleans' usual port for clients.</summary>
    public const int DefaultGatewayPort = 30000;

    /// <summary>Where Local storage is, in the current folder.</summary>
    public const string DefaultData = "kad-cluster-data";

    /// <summary>The setting with the names that HTTP is asked under.</summary>
    public const string HttpHostsSetting = $"Kad:{HttpHostsKey}";

    private const string HttpHostsKey = "Http:Hosts";

    private static readonly string[] Known =
    [
        nameof(Storage), nameof(Data), nameof(Http), HttpHostsKey, nameof(Verbose),
        "Silo:Address", "Silo:Port", "Silo:GatewayPort",
        "Dashboard:User", "Dashboard:Password",
        "Telemetry:Endpoint",
        "PostgreSql:ConnectionString",
        "Azure:ConnectionString", "Azure:BlobServiceUri", "Azure:TableServiceUri",
        "Edge:*",
        "Tls:*",
        .. ClusterOptionsReader.Names,
    ];

    /// <summary>Where what the cluster must not forget is kept. Default: Local.</summary>
    public StorageChoice Storage { get; private init; }

    /// <summary>Folder of the SQLite file.</summary>
    public string Data { get; private init; } = DefaultData;

    /// <summary>Where dashboard, health and status are served. Default: 127.0.0.1:8080.</summary>
    public IPEndPoint Http { get; private init; } = new(IPAddress.Loopback, 8080);

    /// <summary>The names that HTTP is asked under, beside IP addresses and localhost. Default: none.</summary>
    public HostNames HttpHosts { get; private init; } = HostNames.None;

    /// <summary>Whether details and whole exceptions are logged.</summary>
    public bool Verbose { get; private init; }

    /// <summary>The address that the silo listens on, and that others reach it at; null for one that Orleans finds of this machine's.</summary>
    public IPAddress? Address { get; private init; }

    /// <summary>Port for other silos; 0 is any free one.</summary>
    public int SiloPort { get; private init; }

    /// <summary>Port for Orleans clients; 0 is any free one.</summary>
    public int GatewayPort { get; private init; }

    /// <summary>Who may see the dashboard; null if nobody was named.</summary>
    public DashboardCredentials? Dashboard { get; private init; }

    /// <summary>How connections are encrypted; null if they are not.</summary>
    public KadTlsOptions? Tls { get; private init; }

    /// <summary>Whether the silo's process runs an edge too. Default: true in Local mode alone.</summary>
    public bool EdgeEnabled { get; private init; }

    /// <summary>Whether the dashboard may be served: to this machine, or to those who know the password.</summary>
    public bool ServesDashboard => IPAddress.IsLoopback(Http.Address) || Dashboard is not null;

    /// <summary>Reads and checks the section.</summary>
    /// <exception cref="ConfigurationMistakeException">A setting is unknown or wrong.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting of the cluster or of its encryption is wrong.</exception>
    public static SiloSettings Read(IConfiguration configuration)
    {
        var section = new KadSection(configuration);
        section.RefuseUnknown(Known);
        ClusterOptionsReader.Check(configuration);
        var storage = section.Choice(nameof(Storage), StorageChoice.Local);
        var settings = new SiloSettings();
        return settings with
        {
            Storage = storage,
            Data = section.Text(nameof(Data)) ?? settings.Data,
            Http = section.EndPoint(nameof(Http), settings.Http),
            HttpHosts = section.HostNames(HttpHostsKey),
            Verbose = section.Flag(nameof(Verbose), missing: false),
            Address = section.HostAddress("Silo:Address"),
            SiloPort = section.Integer("Silo:Port", DefaultSiloPort, 0, ushort.MaxValue),
            GatewayPort = section.Integer("Silo:GatewayPort", DefaultGatewayPort, 0, ushort.MaxValue),
            Dashboard = ReadDashboard(section),
            Tls = KadTlsOptionsReader.Read(configuration),
            EdgeEnabled = section.Flag("Edge:Enabled", storage == StorageChoice.Local),
        };
    }

    private static DashboardCredentials? ReadDashboard(KadSection section)
    {
        const string reason = "a password for the dashboard has both a user and a password, and it";
        if (section.Text("Dashboard:User") is null && section.Text("Dashboard:Password") is null)
        {
            return null;
        }

        var user = section.Required("Dashboard:User", reason);
        return user.Contains(':', StringComparison.Ordinal)
            ? throw new ConfigurationMistakeException($"Kad:Dashboard:User is '{user}'; a name without a colon is needed.")
            : new DashboardCredentials(user, section.Required("Dashboard:Password", reason));
    }
}

namespace KadOrleans.Hosting;

/// <summary>Where a cluster keeps its membership, grain state and reminders. The names of Orleans' providers are allowed too.</summary>
public enum StorageChoice
{
    /// <summary>One silo on this machine: state in an SQLite file, the rest in memory.</summary>
    Local,
    Localhost = Local,
    Development = Local,
    Static = Local,

    /// <summary>PostgreSQL for all three.</summary>
    AdoNet,

    /// <summary>Azure Storage: tables or blobs for state, tables for the rest.</summary>
    AzureStorage,
    AzureTableStorage = AzureStorage,
}

public enum ServerRole
{
    /// <summary>It holds routing tables and values.</summary>
    Silo,

    /// <summary>A node of a Kademlia network that keeps nothing itself.</summary>
    Edge,

    /// <summary>Both in one process.</summary>
    SiloAndEdge,
}

// The settings below Kad: each public property that can be set is one, under its name. Silos and edges have the same ones, so
// that one file can serve both.
public sealed class KadOptions
{
    public const int SiloHttpPort = 8080;

    public const int EdgeHttpPort = 8081;

    // The timeout of a silo's stop. Leases are handed back and the grains' state is saved within it. With some seconds of grace
    // it stays below the 30 s that orchestrators allow.
    public static readonly TimeSpan SiloShutdownTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The timeout of an edge's stop, below the 30 s that orchestrators allow.</summary>
    public static readonly TimeSpan EdgeShutdownTimeout = TimeSpan.FromSeconds(25);

    /// <summary>Null: a silo, with an edge if <see cref="EdgeOptions.Enabled"/>.</summary>
    public ServerRole? Role { get; set; }

    public StorageChoice Storage { get; set; }

    /// <summary>The folder of the SQLite file.</summary>
    public string Data { get; set; } = "kad-cluster-data";

    public KadHttpOptions Http { get; set; } = new();

    /// <summary>Whether details and whole exceptions are logged.</summary>
    public bool Verbose { get; set; }

    public KadSiloOptions Silo { get; set; } = new();

    public DashboardCredentials? Dashboard { get; set; }

    /// <summary>The export of metrics and traces, by this section and OpenTelemetry's own variables. Null if off.</summary>
    public TelemetryOptions? Telemetry { get; set; }

    public PostgreSqlOptions PostgreSql { get; set; } = new();

    public AzureOptions Azure { get; set; } = new();

    /// <summary>Checked even if the process has no edge.</summary>
    public EdgeOptions Edge { get; set; } = new();

    /// <summary>The encryption of connections. Null if off.</summary>
    public KadTlsOptions? Tls { get; set; }

    public ClientOptions Cluster { get; set; } = new();

    /// <summary>Where an edge finds the silos: by <c>Orleans:Clustering:ProviderType</c>, else in their storage.</summary>
    public StorageChoice Clustering { get; internal set; }

    /// <summary>Whether the silo's process runs an edge too.</summary>
    public bool HasEdge => Role is { } role ? role == ServerRole.SiloAndEdge : Edge.Enabled ?? Storage == StorageChoice.Local;

    /// <summary>Whether a silo's dashboard is served: on loopback, or with a password.</summary>
    public bool ServesDashboard => IPAddress.IsLoopback(Http.EndPoint.Address) || Dashboard is not null;

    // Whether a silo makes a token for its API. It does if it has a data folder, serves this machine alone, and has no file of tokens.
    public bool HasOwnToken => Http.Tokens is null && Storage == StorageChoice.Local && IPAddress.IsLoopback(Http.EndPoint.Address);
}

/// <summary>Where health, status, the API and a silo's dashboard are served.</summary>
public sealed class KadHttpOptions
{
    public const string Setting = "Kad:Http";
    public const string HostsSetting = "Kad:Http:Hosts";
    public const string TokensSetting = "Kad:Http:Tokens";

    /// <summary>IP:PORT, or PORT on loopback.</summary>
    public string? Address { get; set; }

    /// <summary>The host names that requests may use besides IP addresses and localhost.</summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>The file of the API's tokens. Null: the API is not served, except by a silo with <see cref="KadOptions.HasOwnToken"/>.</summary>
    public string? Tokens { get; set; }

    public int Connections { get; set; } = HttpLimits.MaxConnections;

    /// <summary><see cref="Address"/>, or the process's default.</summary>
    public IPEndPoint EndPoint { get; internal set; } = new(IPAddress.Loopback, KadOptions.SiloHttpPort);

    public HttpPlace Place => new(EndPoint, new HostNames(Hosts), Setting, HostsSetting, Connections);
}

public sealed class KadSiloOptions
{
    /// <summary>The address that the silo listens on and that others use. Null: Orleans chooses one of this machine's.</summary>
    public string? Address { get; set; }

    /// <summary>The port for other silos, by default Orleans' usual one; 0 is any free one.</summary>
    public int Port { get; set; } = 11111;

    /// <summary>The port for Orleans clients, by default Orleans' usual one; 0 is any free one.</summary>
    public int GatewayPort { get; set; } = 30000;
}

/// <summary>Who may see the dashboard.</summary>
public sealed class DashboardCredentials
{
    public string User { get; set; } = string.Empty;

    public string Password { get; set; } = string.Empty;
}

public sealed class PostgreSqlOptions
{
    public string? ConnectionString { get; set; }
}

/// <summary>Where a cluster on Azure Storage keeps its grains' state.</summary>
public enum AzureGrains
{
    /// <summary>A blob for each record. A write costs some 200 times that of a table.</summary>
    Blobs,

    /// <summary>An entity for each record: at most 15 properties of 64 KiB.</summary>
    Tables,
}

public sealed class AzureOptions
{
    /// <summary>In place of the addresses.</summary>
    public string? ConnectionString { get; set; }

    public string? BlobServiceUri { get; set; }

    public string? TableServiceUri { get; set; }

    /// <summary>The default, blobs, is what clusters of earlier versions have.</summary>
    public AzureGrains GrainStorage { get; set; }
}

/// <summary>How a process reaches the silos. The other settings of <c>Kad:Cluster</c> are those of the grains, which a silo binds.</summary>
public sealed class ClientOptions
{
    /// <summary>The silos' gateways, for an edge that does not read the silos' storage. Empty: <see cref="DefaultGateway"/>.</summary>
    public IList<string> Gateway { get; } = [];

    /// <summary>The secret that silos and edges share.</summary>
    public string? EdgeKey { get; set; }

    public const string DefaultGateway = "127.0.0.1:30000";
}

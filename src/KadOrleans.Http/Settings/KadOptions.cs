namespace KadOrleans.Http;

internal enum ServerRole
{
    /// <summary>It holds routing tables and values.</summary>
    Silo,

    /// <summary>A node of a Kademlia network that keeps nothing itself.</summary>
    Edge,

    /// <summary>Both in one process.</summary>
    SiloAndEdge,
}

// The settings below Kad: each public property that can be set is one, under its name. Those of a storage are beside its provider
// (SettingSection). Silos and edges have the same ones, so that one file can serve both.
internal sealed class KadOptions
{
    /// <summary>The storage by default: one silo on this machine, with its state in an SQLite file and the rest in memory.</summary>
    public const string LocalStorage = "Local";

    public const int SiloHttpPort = 8080;

    public const int EdgeHttpPort = 8081;

    // The timeout of a silo's stop. Leases are handed back and the grains' state is saved within it. With some seconds of grace
    // it stays below the 30 s that orchestrators allow.
    public static readonly TimeSpan SiloShutdownTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The timeout of an edge's stop, below the 30 s that orchestrators allow.</summary>
    public static readonly TimeSpan EdgeShutdownTimeout = TimeSpan.FromSeconds(25);

    /// <summary>Null: a silo, with an edge if <see cref="EdgeOptions.Enabled"/>.</summary>
    public ServerRole? Role { get; set; }

    /// <summary>
    /// Where the grains' state is kept, by a provider's name: what the setting says, or what
    /// Orleans' own say (<c>Orleans:GrainStorage:Kad:ProviderType</c>, or the members').
    /// </summary>
    public string Storage { get; set; } = LocalStorage;

    /// <summary>
    /// Where the members are kept, and an edge finds the silos: by the setting, by <c>Orleans:Clustering:ProviderType</c>, else as the state.
    /// </summary>
    public string Clustering { get; set; } = string.Empty;

    /// <summary>The folder of the SQLite file.</summary>
    public string Data { get; set; } = "kad-cluster-data";

    public HttpSettings Http { get; set; } = new();

    /// <summary>Whether details and whole exceptions are logged.</summary>
    public bool Verbose { get; set; }

    public KadSiloOptions Silo { get; set; } = new();

    public DashboardCredentials? Dashboard { get; set; }

    /// <summary>The export of metrics, traces and logs, by this section and OpenTelemetry's own variables. Null if off.</summary>
    public TelemetryOptions? Telemetry { get; set; }

    /// <summary>Checked even if the process has no edge.</summary>
    public EdgeOptions Edge { get; set; } = new();

    /// <summary>The encryption of connections. Null if off.</summary>
    public KadTlsOptions? Tls { get; set; }

    public ClientOptions Cluster { get; set; } = new();

    /// <summary>Where reminders are kept: by <c>Orleans:Reminders:ProviderType</c>, else as the members.</summary>
    public string Reminders { get; internal set; } = LocalStorage;

    /// <summary>The setting that says where the state is; the two below say the same of members and reminders.</summary>
    public string StorageSetting { get; internal set; } = string.Empty;

    public string ClusteringSetting { get; internal set; } = string.Empty;

    public string RemindersSetting { get; internal set; } = string.Empty;

    /// <summary>Whether the cluster is a single silo with its state in a file.</summary>
    public bool IsLocal => Storage == LocalStorage;

    /// <summary>Whether the silo's process runs an edge too.</summary>
    public bool HasEdge => Role is { } role ? role == ServerRole.SiloAndEdge : Edge.Enabled ?? IsLocal;

    /// <summary>Whether a silo's dashboard is served: on loopback, or with a password.</summary>
    public bool ServesDashboard => IPAddress.IsLoopback(Http.EndPoint.Address) || Dashboard is not null;

    /// <summary>Whether the API is served, and by a silo the console.</summary>
    public bool ServesApi => Http.Tokens is not null || Http.Oidc is not null || HasOwnToken;

    // Whether a silo makes a token for its API. It does if it has a data folder, serves this machine alone, and has no file of tokens.
    public bool HasOwnToken =>
        Role != ServerRole.Edge && Http.Tokens is null && IsLocal && IPAddress.IsLoopback(Http.EndPoint.Address);
}

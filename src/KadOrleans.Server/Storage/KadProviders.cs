using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Server;

/// <summary>What an executable has beside SQLite, PostgreSQL and plain connections. A method adds each, such as <c>UseKadTls</c>.</summary>
public sealed class KadProviders
{
    public KadProviders(Action<KadProviders>? use = null) => use?.Invoke(this);

    // Both are null if the executable lacks them.
    public IStorageProvider? Storage { get; set; }

    public ITlsProvider? Tls { get; set; }

    public IStorageProvider RequireStorage() => Storage ?? throw KadSettings.Mistake(
        "Kad:Storage is 'AzureStorage', which kad-server lacks; kad-server-full has it, and Local or AdoNet are allowed here.");

    public ITlsProvider? RequireTls(KadTlsOptions? options) => options is null ? null : Tls ?? throw KadSettings.Mistake(
        $"{options.Setting} is '{options.SettingValue}', but kad-server lacks TLS; kad-server-full has it, and no setting of Kad:Tls is allowed here.");
}

public interface IStorageProvider
{
    /// <summary>Adds Orleans' settings of a silo: members, grain state and reminders.</summary>
    void FillInSilo(OrleansSettings orleans);

    /// <summary>Adds Orleans' settings of a client: where it finds the silos.</summary>
    void FillInEdge(OrleansSettings orleans);

    /// <summary>Adds the connections that the providers take from the services, by the configuration with the added settings.</summary>
    void AddConnections(IServiceCollection services, IConfiguration configuration, bool isSilo);
}

public interface ITlsProvider
{
    void AddServices(IServiceCollection services, KadTlsOptions options, CertificateUse use);

    void Encrypt(IConnectionBuilder connections, ConnectionSide side);
}

/// <summary>The settings of Orleans: the given ones, and in <see cref="Values"/> what is added to them.</summary>
public sealed class OrleansSettings
{
    public const string Clustering = "Orleans:Clustering";
    public const string Storage = "Orleans:GrainStorage:Kad";
    public const string Reminders = "Orleans:Reminders";
    public const string ServiceId = "Orleans:ServiceId";
    private const string ClusterId = "Orleans:ClusterId";
    private const string DefaultId = "kad";

    public OrleansSettings(IConfiguration configuration)
    {
        Configuration = configuration;
        Add(ClusterId, DefaultId);
        Add(ServiceId, DefaultId);
    }

    public IConfiguration Configuration { get; }

    public Dictionary<string, string?> Values { get; } = [];

    public string? this[string key] => Values.GetValueOrDefault(key) ?? Configuration[key];

    public bool AddProvider(string provider, string type) => Add($"{provider}:ProviderType", type);

    public bool Add(string key, string value)
    {
        var isMissing = string.IsNullOrWhiteSpace(Configuration[key]);
        if (isMissing)
        {
            Values[key] = value;
        }

        return isMissing;
    }

    public bool IsConnected(string provider) => Configuration[$"{provider}:ConnectionString"] is { Length: > 0 }
        || (Configuration[$"{provider}:ConnectionName"] is { Length: > 0 } name
            && Configuration.GetConnectionString(name) is { Length: > 0 });
}

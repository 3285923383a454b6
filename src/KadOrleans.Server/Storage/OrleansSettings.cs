namespace KadOrleans.Server;

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

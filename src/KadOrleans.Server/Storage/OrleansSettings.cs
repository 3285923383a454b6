namespace KadOrleans.Server;

/// <summary>The settings of Orleans: the given ones, and in <see cref="Values"/> what is added to them.</summary>
internal sealed class OrleansSettings
{
    public const string Clustering = "Orleans:Clustering";
    public const string Storage = "Orleans:GrainStorage:Kad";
    public const string Reminders = "Orleans:Reminders";
    public const string Directories = "Orleans:GrainDirectory";
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

    /// <summary>Records the setting that has a part's connection, for errors: <see cref="SettingsOf"/>.</summary>
    public void RecordConnection(string section, string setting) => Values[ConnectionSetting(section)] = setting;

    /// <summary>The settings by which members and state on a storage are reached, with "or" between; empty if none is noted.</summary>
    /// <param name="filled">The configuration with what was added to it.</param>
    /// <param name="storage">The storage.</param>
    public static string SettingsOf(IConfiguration filled, IStorageProvider storage) => string.Join(
        " or ",
        ((string[])[Storage, Clustering, Reminders])
            .Where(section => filled[$"{section}:ProviderType"] is { } type && storage.IsMeantBy(type))
            .Select(section => FindConnectionSetting(filled, section))
            .OfType<string>()
            .Distinct());

    /// <summary>The setting that was noted for a part.</summary>
    /// <param name="filled">The configuration with what was added to it.</param>
    /// <param name="section">The part.</param>
    public static string? FindConnectionSetting(IConfiguration filled, string section) => filled[ConnectionSetting(section)];

    public bool Add(string key, string value)
    {
        var isMissing = string.IsNullOrWhiteSpace(Configuration[key]);
        if (isMissing)
        {
            Values[key] = value;
        }

        return isMissing;
    }

    /// <summary>
    /// A part's own connection, with the setting that has it: <c>ConnectionString</c>, or the entry of <c>ConnectionStrings</c> that
    /// <c>ConnectionName</c> or <c>ServiceKey</c> names, as Aspire gives it. Null if it has none of these.
    /// </summary>
    /// <exception cref="OptionsValidationException">What is named is not there.</exception>
    public Connection? FindConnection(string section)
    {
        if (Text($"{section}:ConnectionString") is { } own)
        {
            return new($"{section}:ConnectionString", own, null);
        }

        foreach (var reference in (string[])[$"{section}:ConnectionName", $"{section}:ServiceKey"])
        {
            if (Text(reference) is { } name)
            {
                var setting = $"ConnectionStrings:{name}";
                return Text(setting) is { } text
                    ? new(setting, text, reference)
                    : throw KadSettings.Mistake($"{reference} is '{name}', and {setting} is missing; the connection string is needed there.");
            }
        }

        return null;
    }

    /// <summary>A part's own connection, or that of this project's setting, or that of another part on the same storage.</summary>
    /// <param name="section">The part.</param>
    /// <param name="storage">The storage.</param>
    /// <param name="setting">This project's setting.</param>
    /// <exception cref="OptionsValidationException">None is there, or two of them contradict each other.</exception>
    public Connection RequireConnection(string section, IStorageProvider storage, string setting)
    {
        var (own, given) = (FindConnection(section), Text(setting));
        if (own is { Reference: { } reference } && given is not null && given != own.Text)
        {
            throw KadSettings.Mistake(
                $"{setting} is set, and {reference} names {own.Setting}, another connection; one of them, or the same in both, is needed.");
        }

        var found = own
            ?? (given is not null ? new Connection(setting, given, null) : null)
            ?? ((string[])[Clustering, Storage, Reminders])
                .Where(other => other != section && Text($"{other}:ProviderType") is { } type && storage.IsMeantBy(type))
                .Select(FindConnection)
                .FirstOrDefault(connection => connection is not null)
            ?? throw KadSettings.Mistake($"{setting} is missing; {Choice()} needs it.");
        RecordConnection(section, found.Setting);
        return found;

        // What the user wrote, as this project's settings fill in the section.
        string Choice() => ((string[])["Kad:Storage", "Kad:Clustering"]).FirstOrDefault(
            choice => Text(choice) is { } name && storage.IsMeantBy(name)) is { } chosen
            ? $"{chosen}={Text(chosen)}"
            : $"{storage.Name}, which {section} is on,";
    }

    private static string ConnectionSetting(string section) => $"{section}:ConnectionSetting";

    private string? Text(string key) => Configuration[key]?.Trim() is { Length: > 0 } text ? text : null;
}

/// <summary>A connection string, which may have secrets.</summary>
/// <param name="Setting">The setting that has it.</param>
/// <param name="Text">The connection string.</param>
/// <param name="Reference">The setting of Orleans' that names <paramref name="Setting"/>; null if none does.</param>
internal sealed record Connection(string Setting, string Text, string? Reference);

namespace KadOrleans.Server;

/// <summary>The storages of a process by name, and what encrypts its connections.</summary>
internal sealed class KadProviders
{
    // In the order in which they were added, as errors list them.
    private readonly List<IStorageProvider> _storages = [];
    private readonly Dictionary<string, IStorageProvider> _byName = new(StringComparer.OrdinalIgnoreCase);

    public KadProviders() => Add(new LocalProvider()).Add(new PostgreSqlProvider()).Add(new AzureStorageProvider()).Add(new RedisProvider());

    public IEnumerable<IStorageProvider> Storages => _storages;

    /// <summary>Which storage failed, and why; null if it was none.</summary>
    public (IStorageProvider Storage, StorageFault Fault)? Explain(Exception cause)
    {
        foreach (var storage in _storages)
        {
            if (storage.Explain(cause) is { } fault)
            {
                return (storage, fault);
            }
        }

        return null;
    }

    /// <summary>A mistake of the installation that storage found, in a sentence; null if it is none.</summary>
    public string? FindMistake(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (Explain(failure) is { Fault: { IsMistake: true } mistake })
            {
                return mistake.Message;
            }
        }

        return null;
    }

    /// <summary>What <see cref="KadSettings"/> needs to know of the storages.</summary>
    public KnownStorages Known => new(
        _byName.ToDictionary(pair => pair.Key, pair => pair.Value.Name, StringComparer.OrdinalIgnoreCase),
        [.. _storages.Select(storage => storage.Section).OfType<SettingSection>()]);

    /// <summary>The libraries of the storages' clients.</summary>
    public IEnumerable<string> ClientLibraries => _storages.Select(storage => storage.ClientLibrary).OfType<string>();

    public ITlsProvider Tls { get; init; } = new TlsProvider();

    /// <summary>Adds a storage. The settings say whether it is used.</summary>
    /// <exception cref="InvalidOperationException">Another one has one of its names, or its section: none replaces another.</exception>
    public KadProviders Add(IStorageProvider storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        string[] names = [storage.Name, .. storage.OtherNames];
        if (Array.Find(names, _byName.ContainsKey) is { } taken)
        {
            throw new InvalidOperationException($"The storage '{taken}' is there already, by {_byName[taken].GetType()}.");
        }

        if (storage.Section is { Name: var section } && FindOwner(section) is { } owner)
        {
            throw new InvalidOperationException($"The section '{KadSettings.Root}:{section}' is there already, by {owner}.");
        }

        foreach (var name in names)
        {
            _byName[name] = storage;
        }

        _storages.Add(storage);
        return this;
    }

    /// <summary>Checks the settings of each storage.</summary>
    /// <exception cref="OptionsValidationException">One is wrong.</exception>
    public void CheckSettings(IConfiguration configuration) => _storages.ForEach(storage => storage.CheckSettings(configuration));

    /// <summary>What encrypts connections by these options; null without any.</summary>
    public ITlsProvider? FindTls(KadTlsOptions? options) => options is null ? null : Tls;

    /// <summary>Finds the storage that a setting names for a part of the cluster.</summary>
    /// <exception cref="OptionsValidationException">There is none of that name, or it cannot keep that part.</exception>
    public IStorageProvider Require(string name, string setting, string section)
    {
        if (!_byName.TryGetValue(name, out var found))
        {
            string[] allowed = [.. _storages.Where(one => one.FindObstacle(section) is null).Select(one => one.Name)];
            throw KadSettings.Mistake($"{setting} is '{name}';{Guess(name, allowed)} {string.Join(", ", allowed)} are allowed.");
        }

        return found.FindObstacle(section) is { } obstacle
            ? throw KadSettings.Mistake($"{setting} is '{name}', {obstacle}; {string.Join(" or ", Fit(section))} is needed as {SettingOf(section, setting)}.")
            : found;
    }

    // Not the one that all parts of a cluster are on, or none.
    private IEnumerable<string> Fit(string section) => _storages
        .Where(one => one.FindObstacle(section) is null && one.Name != KadOptions.LocalStorage)
        .Select(one => one.Name);

    // Kad:Storage may have named it for the other parts too. A setting of Orleans comes before both.
    private static string SettingOf(string section, string given) =>
        given.StartsWith("Orleans:", StringComparison.OrdinalIgnoreCase) ? given
        : section == OrleansSettings.Storage ? "Kad:Storage"
        : "Kad:Clustering";

    private Type? FindOwner(string section) =>
        typeof(KadOptions).GetProperties().Any(property => property.Name.Equals(section, StringComparison.OrdinalIgnoreCase)) ? typeof(KadOptions)
        : _storages.Find(other => section.Equals(other.Section?.Name, StringComparison.OrdinalIgnoreCase))?.GetType();

    private static string Guess(string name, string[] allowed) =>
        Suggestion.Nearest(name, allowed) is { } nearest ? $" did you mean {nearest}?" : string.Empty;
}

namespace KadOrleans.Server;

/// <summary>The storages of a process by name, and what encrypts its connections.</summary>
internal sealed class KadProviders
{
    private readonly Dictionary<string, IStorageProvider> _storages = new(StringComparer.OrdinalIgnoreCase);

    public KadProviders() => Add(new LocalProvider()).Add(new PostgreSqlProvider()).Add(new AzureStorageProvider()).Add(new RedisProvider());

    public IEnumerable<IStorageProvider> Storages => _storages.Values;

    public ITlsProvider Tls { get; init; } = new TlsProvider();

    private IEnumerable<string> ForState => Storages.Where(one => one.FindObstacle(OrleansSettings.Storage) is null).Select(one => one.Name);

    /// <summary>Adds a storage. The settings say whether it is used.</summary>
    /// <exception cref="InvalidOperationException">There is one of that name: none replaces another.</exception>
    public KadProviders Add(IStorageProvider storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        return _storages.TryAdd(storage.Name, storage)
            ? this
            : throw new InvalidOperationException($"The storage '{storage.Name}' is there already, by {_storages[storage.Name].GetType()}.");
    }

    /// <summary>What encrypts connections by these options; null without any.</summary>
    public ITlsProvider? FindTls(KadTlsOptions? options) => options is null ? null : Tls;

    /// <summary>Finds the storage that a setting names for a part of the cluster.</summary>
    /// <exception cref="OptionsValidationException">There is none of that name, or it cannot keep that part.</exception>
    public IStorageProvider Require(string name, string setting, string section)
    {
        if (!_storages.TryGetValue(name, out var found))
        {
            throw KadSettings.Mistake($"{setting} is '{name}';{Guess(name)} {string.Join(", ", _storages.Keys)} are allowed.");
        }

        return found.FindObstacle(section) is { } obstacle
            ? throw KadSettings.Mistake(
                $"{setting} is '{name}', {obstacle}; "
                + $"{string.Join(" or ", ForState.Where(other => other != StorageNames.Local))} is needed as Kad:Storage.")
            : found;
    }

    private string Guess(string name) => Suggestion.Nearest(name, _storages.Keys) is { } nearest ? $" did you mean {nearest}?" : string.Empty;
}

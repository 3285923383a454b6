using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Server;

/// <summary>
/// What an executable has beside plain connections: storages by name, TLS and an identity provider. A method adds each, such as <c>UseKadTls</c>.
/// </summary>
public sealed class KadProviders
{
    private readonly Dictionary<string, IStorageProvider> _storages = new(StringComparer.OrdinalIgnoreCase);
    private ITlsProvider? _tls;
    private ISignInProvider? _signIn;

    public KadProviders(Action<KadProviders>? use = null)
    {
        Add(new LocalProvider()).Add(new PostgreSqlProvider());
        use?.Invoke(this);
    }

    public IEnumerable<IStorageProvider> Storages => _storages.Values;

    private IEnumerable<string> ForState => Storages.Where(one => one.FindObstacle(OrleansSettings.Storage) is null).Select(one => one.Name);

    /// <summary>Lets the executable use a storage. The settings say whether it does.</summary>
    /// <exception cref="InvalidOperationException">There is one of that name: none replaces another.</exception>
    public KadProviders Add(IStorageProvider storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        return _storages.TryAdd(storage.Name, storage)
            ? this
            : throw new InvalidOperationException($"The storage '{storage.Name}' is there already, by {_storages[storage.Name].GetType()}.");
    }

    /// <summary>Lets the executable encrypt connections.</summary>
    /// <exception cref="InvalidOperationException">There is TLS already.</exception>
    public KadProviders Add(ITlsProvider tls)
    {
        _tls = _tls is null ? tls : throw new InvalidOperationException($"TLS is there already, by {_tls.GetType()}.");
        return this;
    }

    /// <summary>Lets the executable have an identity provider, whose users may use API and console.</summary>
    /// <exception cref="InvalidOperationException">There is one already.</exception>
    public KadProviders Add(ISignInProvider signIn)
    {
        _signIn = _signIn is null ? signIn : throw new InvalidOperationException($"An identity provider is there already, by {_signIn.GetType()}.");
        return this;
    }

    /// <summary>Finds the storage that a setting names for a part of the cluster.</summary>
    /// <exception cref="OptionsValidationException">There is none of that name, or it cannot keep that part.</exception>
    public IStorageProvider Require(string name, string setting, string section)
    {
        if (!_storages.TryGetValue(name, out var found))
        {
            throw KadSettings.Mistake(IsOfFull(name, section)
                ? $"{setting} is '{name}', which kad-server lacks; kad-server-full has it, and "
                    + $"{string.Join(" or ", _storages.Keys)} are allowed here."
                : $"{setting} is '{name}';{Guess(name)} {string.Join(", ", _storages.Keys)} are allowed.");
        }

        return found.FindObstacle(section) is { } obstacle
            ? throw KadSettings.Mistake(
                $"{setting} is '{name}', {obstacle}; "
                + $"{string.Join(" or ", ForState.Where(other => other != StorageNames.Local))} is needed as Kad:Storage.")
            : found;
    }

    public ITlsProvider? RequireTls(KadTlsOptions? options) => options is null ? null : _tls ?? throw KadSettings.Mistake(
        $"{options.Setting} is '{options.SettingValue}', but kad-server lacks TLS; kad-server-full has it, and no setting of Kad:Tls is allowed here.");

    public ISignInProvider? RequireSignIn(KadOidcOptions? options) => options is null ? null : _signIn ?? throw KadSettings.Mistake(
        $"{KadOidcOptions.AuthoritySetting} is '{options.Authority}', but kad-server lacks identity providers; kad-server-full has them, and "
            + $"no setting of Kad:Http:Oidc is allowed here.");

    // What kad-server-full adds to kad-server, which has less to carry. State in Redis is refused there, too.
    private static bool IsOfFull(string name, string section) =>
        StorageNames.AreSame(name, StorageNames.AzureStorage)
        || (StorageNames.AreSame(name, StorageNames.Redis) && section != OrleansSettings.Storage);

    private string Guess(string name) => Suggestion.Nearest(name, _storages.Keys) is { } nearest ? $" did you mean {nearest}?" : string.Empty;
}

public interface ITlsProvider
{
    void AddServices(IServiceCollection services, KadTlsOptions options, CertificateUse use);

    void Encrypt(IConnectionBuilder connections, ConnectionSide side);
}

using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Server;

/// <summary>What an executable has beside SQLite, PostgreSQL and plain connections. A method adds each, such as <c>UseKadTls</c>.</summary>
public sealed class KadProviders
{
    public KadProviders(Action<KadProviders>? use = null) => use?.Invoke(this);

    // All are null if the executable lacks them.
    public IStorageProvider? Storage { get; set; }

    public ITlsProvider? Tls { get; set; }

    public ISignInProvider? SignIn { get; set; }

    public IStorageProvider RequireStorage() => Storage ?? throw KadSettings.Mistake(
        "Kad:Storage is 'AzureStorage', which kad-server lacks; kad-server-full has it, and Local or AdoNet are allowed here.");

    public ITlsProvider? RequireTls(KadTlsOptions? options) => options is null ? null : Tls ?? throw KadSettings.Mistake(
        $"{options.Setting} is '{options.SettingValue}', but kad-server lacks TLS; kad-server-full has it, and no setting of Kad:Tls is allowed here.");

    public ISignInProvider? RequireSignIn(KadOidcOptions? options) => options is null ? null : SignIn ?? throw KadSettings.Mistake(
        $"{KadOidcOptions.AuthoritySetting} is '{options.Authority}', but kad-server lacks identity providers; kad-server-full has them, and "
            + $"no setting of Kad:Http:Oidc is allowed here.");
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

using KadOrleans.Hosting.Cluster.Connections;
using KadOrleans.Hosting.Settings;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Hosting.Cluster;

/// <summary>
/// What an executable can use beside SQLite, PostgreSQL and plain connections. It references a provider's project, and calls that
/// project's method for each: <c>UseKadAzureStorage</c>, <c>UseKadTls</c>.
/// </summary>
public sealed class KadProviders
{
    /// <param name="use">Adds providers. Null: none.</param>
    internal KadProviders(Action<KadProviders>? use = null) => use?.Invoke(this);

    /// <summary>Azure Storage, or null if the executable lacks it.</summary>
    internal IStorageProvider? Storage { get; set; }

    /// <summary>TLS, or null if the executable lacks it.</summary>
    internal ITlsProvider? Tls { get; set; }

    /// <summary>Azure Storage, which the settings ask for.</summary>
    internal IStorageProvider RequireStorage() => Storage ?? throw KadSettings.Mistake(
        "Kad:Storage is 'AzureStorage', which kad-server lacks; kad-server-full has it, and Local or AdoNet are allowed here.");

    /// <summary>TLS, if the settings ask for it.</summary>
    internal ITlsProvider? RequireTls(KadTlsOptions? options) => options is null ? null : Tls ?? throw KadSettings.Mistake(
        $"{options.Setting} is '{options.SettingValue}', but kad-server lacks TLS; kad-server-full has it, and no setting of Kad:Tls is allowed here.");
}

/// <summary>Storage that the silos of a cluster share.</summary>
internal interface IStorageProvider
{
    /// <summary>Adds Orleans' settings of a silo: members, grain state and reminders.</summary>
    void FillInSilo(Filling filling);

    /// <summary>Adds Orleans' settings of a client: where it finds the silos.</summary>
    void FillInEdge(Filling filling);

    /// <summary>Adds the connections that the providers take from the services, by the configuration with what was filled in.</summary>
    void AddConnections(IServiceCollection services, IConfiguration configuration, bool isSilo);
}

/// <summary>Encrypts the connections between silos and from clients.</summary>
internal interface ITlsProvider
{
    /// <summary>Reads the credentials, and registers what connections need.</summary>
    void AddServices(IServiceCollection services, KadTlsOptions options, CertificateUse use);

    /// <summary>Encrypts connections of one kind.</summary>
    void Encrypt(IConnectionBuilder connections, ConnectionSide side);
}

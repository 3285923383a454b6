namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo in the test's process on a PostgreSQL server of its own, as its settings make it.</summary>
public sealed class PostgreSqlSilo : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly PostgreSqlDatabase _database = new();
    private HostedSilo _silo = null!;

    public IServiceProvider Services => _silo.Services;

    public IGrainStorage Storage => Services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);

    public IGrainFactory Grains => _silo.Grains;

    public string Log => _silo.Log;

    internal PostgreSqlServer Server => _database.Server;

    internal static Task<HostedSilo> StartAsync(string folder, string connectionString) => HostedSilo.StartAsync(
        folder,
        [
            .. SharedPostgreSql.StorageIn(connectionString), "Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
            "Kad:Cluster:ShardBits=0", "Kad:Cluster:StorageTimeout=00:00:00.5",
            // Each write that is refused is an error to Orleans, and the suite's purpose here.
            "Logging:LogLevel:Orleans=None", "Logging:LogLevel:KadOrleans=None", "Logging:LogLevel:KadOrleans.GrainStorage.PostgreSql=Information",
        ]);

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        if (PostgreSqlServer.IsThere)
        {
            _silo = await StartAsync(_folder.Path, Server.ConnectionString);
        }
    }

    public async Task RestartAsync()
    {
        await _silo.DisposeAsync();
        _silo = await StartAsync(_folder.Path, Server.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (_silo is not null)
        {
            await _silo.DisposeAsync();
        }

        await _database.DisposeAsync();
        _folder.Dispose();
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Storage;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo in the test's process on a PostgreSQL server of its own, as its settings make it.</summary>
public sealed class PostgreSqlSilo : IAsyncLifetime
{
    private PostgreSqlServer? _server;
    private IHost? _host;

    /// <summary>Its services.</summary>
    public IServiceProvider Services => _host!.Services;

    /// <summary>What its grains are given.</summary>
    public IGrainStorage Storage => Services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);

    /// <summary>The way to its grains.</summary>
    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    internal PostgreSqlServer Server => _server!;

    public async ValueTask InitializeAsync()
    {
        if (!PostgreSqlServer.IsThere)
        {
            // The tests are skipped.
            return;
        }

        _server = await PostgreSqlServer.StartAsync();
        await StartAsync();
    }

    /// <summary>Stops the silo and starts another on the same database.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await StopAsync();
            await _server.DisposeAsync();
        }
    }

    /// <summary>Starts a silo on a database.</summary>
    public static async Task<IHost> StartAsync(string connectionString)
    {
        var host = SiloHost.Build(
            [
                "Kad:Storage=AdoNet", $"Kad:PostgreSql:ConnectionString={connectionString}", "Kad:Http=127.0.0.1:0",
                "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
                "Kad:Cluster:ShardBits=0", "Kad:Cluster:StorageTimeout=00:00:00.5",
                // Each write that is refused is an error to Orleans, and the suite's purpose here.
                "Logging:LogLevel:Orleans=None", "Logging:LogLevel:KadOrleans=None",
            ],
            new KadProviders(),
            TextWriter.Null);
        await host.StartAsync();
        return host;
    }

    private async Task StartAsync() => _host = await StartAsync(_server!.ConnectionString);

    private async Task StopAsync()
    {
        await _host!.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}

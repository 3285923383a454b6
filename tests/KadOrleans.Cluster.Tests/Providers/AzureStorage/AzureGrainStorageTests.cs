using KadOrleans.Cluster.Tests.SiloRole;

namespace KadOrleans.Cluster.Tests.Providers;

[Needs(Need.Azurite)]
public sealed class AzureBlobGrainStorageTests(AzureBlobSilo silo) : GrainStorageConformance, IClassFixture<AzureBlobSilo>
{
    protected override IGrainStorage Storage => silo.Storage;
}

[Needs(Need.Azurite)]
public sealed class AzureTableGrainStorageTests(AzureTableSilo silo) : GrainStorageConformance, IClassFixture<AzureTableSilo>
{
    protected override IGrainStorage Storage => silo.Storage;

    // An entity has at most 960 kB.
    protected override int LargeState => 900_000;
}

public sealed class AzureBlobSilo() : AzureSilo("Blobs");

public sealed class AzureTableSilo() : AzureSilo("Tables");

public abstract class AzureSilo(string grains) : IAsyncLifetime
{
    private AzuriteServer? _azurite;
    private IHost? _host;

    public IGrainStorage Storage => _host!.Services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);

    public async ValueTask InitializeAsync()
    {
        if (!AzuriteServer.IsThere)
        {
            // The tests are skipped.
            return;
        }

        _azurite = await AzuriteServer.StartAsync();
        _host = SiloHost.Build(
            [
                "Kad:Storage=AzureStorage", $"Kad:Azure:ConnectionString={_azurite.ConnectionString}", $"Kad:Azure:GrainStorage={grains}",
                "Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
                // Each write that is refused is an error to Orleans, and the suite's purpose here.
                "Logging:LogLevel:Orleans=None", "Logging:LogLevel:KadOrleans=Warning",
            ],
            new KadProviders(),
            TextWriter.Null);
        await _host.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
        {
            await _host!.StopAsync();
            await ((IAsyncDisposable)_host).DisposeAsync();
            await _azurite.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}

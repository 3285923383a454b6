using KadOrleans.Cluster.Tests.SiloRole;
using KadOrleans.Grains;
using KadOrleans.Server.Full;

namespace KadOrleans.Full.Tests;

/// <summary>Azure's blobs, as a silo uses them.</summary>
[Needs(Need.Azurite)]
public sealed class AzureBlobGrainStorageTests(AzureBlobSilo silo) : GrainStorageConformance, IClassFixture<AzureBlobSilo>
{
    protected override IGrainStorage Storage => silo.Storage;
}

/// <summary>Azure's tables, as a silo uses them.</summary>
[Needs(Need.Azurite)]
public sealed class AzureTableGrainStorageTests(AzureTableSilo silo) : GrainStorageConformance, IClassFixture<AzureTableSilo>
{
    protected override IGrainStorage Storage => silo.Storage;

    // An entity has at most 960 kB.
    protected override int LargeState => 900_000;
}

/// <summary>A silo on Azurite with its grains' state in blobs.</summary>
public sealed class AzureBlobSilo() : AzureSilo("Blobs");

/// <summary>A silo on Azurite with its grains' state in tables.</summary>
public sealed class AzureTableSilo() : AzureSilo("Tables");

/// <summary>A silo on Azurite, as its settings make it.</summary>
public abstract class AzureSilo(string grains) : IAsyncLifetime
{
    private AzuriteServer? _azurite;
    private IHost? _host;

    /// <summary>What its grains are given.</summary>
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
            new KadProviders(providers => providers.UseKadAzureStorage()),
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

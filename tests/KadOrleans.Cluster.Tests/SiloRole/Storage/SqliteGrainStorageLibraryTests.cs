using KadOrleans.GrainStorage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The storage as other silos use it.</summary>
public sealed class SqliteGrainStorageLibraryTests : IDisposable
{
    private readonly SqliteFolder _folder = new();

    [Fact]
    public async Task A_silo_that_adds_the_storage_in_code_keeps_state_in_its_file()
    {
        var grain = Samples.Grain();
        var written = await RunAsync(storage => storage.WriteAsync(grain, "kept"));

        var read = await RunAsync(storage => storage.ReadAsync(grain));

        Assert.Equal(("kept", written.ETag), (read.State!.Text, read.ETag));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<GrainState<SampleState>> RunAsync(Func<IGrainStorage, Task<GrainState<SampleState>>> use)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) => silo.AddSqliteGrainStorage("states", options => options.Folder = _folder.Path));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        var state = await use(cluster.Silos[0].ServiceProvider.GetRequiredKeyedService<IGrainStorage>("states"));
        await cluster.StopAllSilosAsync();
        return state;
    }
}

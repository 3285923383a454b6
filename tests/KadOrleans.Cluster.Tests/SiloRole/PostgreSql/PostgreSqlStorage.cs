using Orleans.Configuration;
using Orleans.Serialization;

namespace KadOrleans.Cluster.Tests.SiloRole;

internal static class PostgreSqlStorage
{
    /// <summary>A provider as silos have it: it gathers writes.</summary>
    public static Task<IGrainStorage> GatheringAsync(PostgreSqlServer server, TimeProvider time) =>
        StartAsync(server, new ClusterOptions(), options => StateDataSource.Use(options, time));

    /// <summary>A provider as Orleans makes it.</summary>
    public static Task<IGrainStorage> PlainAsync(PostgreSqlServer server, ClusterOptions? cluster = null) =>
        StartAsync(server, cluster ?? new ClusterOptions(), _ => { });

    private static async Task<IGrainStorage> StartAsync(
        PostgreSqlServer server, ClusterOptions cluster, Action<AdoNetGrainStorageOptions> change)
    {
        var services = new ServiceCollection().AddLogging().AddSerializer().BuildServiceProvider();
        var options = new AdoNetGrainStorageOptions
        {
            Invariant = "Npgsql",
            ConnectionString = server.ConnectionString,
            GrainStorageSerializer = ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(services),
        };
        change(options);
        var storage = ActivatorUtilities.CreateInstance<AdoNetGrainStorage>(
            services, Options.Create(options), Options.Create(cluster), GrainStorageName.Kad);
        var lifecycle = new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance);
        storage.Participate(lifecycle);
        await lifecycle.OnStart();
        return storage;
    }
}

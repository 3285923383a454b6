using KadOrleans.GrainStorage.PostgreSql;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Grain storage on PostgreSQL without a silo.</summary>
internal static class PostgreSqlStorage
{
    private static readonly IServiceProvider Services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    /// <summary>This project's, as silos have it.</summary>
    public static IGrainStorage Own(string connectionString, TimeProvider time, ClusterOptions? cluster = null) => new PostgreSqlGrainStorage(
        connectionString,
        (cluster ?? new ClusterOptions()).ServiceId,
        ActivatorUtilities.CreateInstance<OrleansGrainStorageSerializer>(Services),
        Services.GetRequiredService<IActivatorProvider>(),
        time,
        NullLogger.Instance);

    /// <summary>Orleans' provider for ADO.NET, as silos of other programs have it.</summary>
    public static async Task<IGrainStorage> OrleansAsync(string connectionString, ClusterOptions? cluster = null)
    {
        var services = new ServiceCollection()
            .AddLogging()
            .AddSerializer()
            .AddSingleton<IGrainStorageSerializer, OrleansGrainStorageSerializer>()
            .Configure<ClusterOptions>(options => options.ServiceId = (cluster ?? new ClusterOptions()).ServiceId)
            .AddAdoNetGrainStorage(
                GrainStorageName.Kad, options => (options.Invariant, options.ConnectionString) = ("Npgsql", connectionString))
            .BuildServiceProvider();
        var storage = (AdoNetGrainStorage)services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);
        var lifecycle = new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance);
        storage.Participate(lifecycle);
        await lifecycle.OnStart();
        return storage;
    }
}

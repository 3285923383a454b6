using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Two silos with the real grains in this process, on storage that can be taken away.</summary>
public sealed class FaultCluster : IAsyncLifetime
{
    public const int ShardBits = 4;

    private readonly ConcurrentDictionary<string, (byte[] State, string ETag)> _rows = new();

    public InProcessTestCluster Value { get; private set; } = null!;

    public IClusterClient Client => Value.Client;

    public StorageSwitch Storage { get; } = new();

    /// <summary>Runs before each call of a grain, with its interface and method; may fail it by throwing.</summary>
    public Action<string> BeforeCall { get; set; } = static _ => { };

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.UseInMemoryReminderService();
            silo.AddIncomingGrainCallFilter(context =>
            {
                BeforeCall($"{context.InterfaceMethod.DeclaringType!.Name}.{context.MethodName}");
                return context.Invoke();
            });
            silo.UseKadGrains(options => options.ShardBits = ShardBits);
            silo.Services.AddGrainStorage(
                GrainStorageName.Kad,
                (services, _) => Storage.Over(new SharedStorage(_rows, services.GetRequiredService<Serializer>())));
        });
        Value = builder.Build();
        await Value.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Storage.IsAway = false;
        await Value.DisposeAsync();
    }
}

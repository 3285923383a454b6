using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Two silos with the real grains in this process.</summary>
public sealed class TestCluster : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, (byte[] State, string ETag)> _rows = new();
    private readonly CrawlTiming _crawling;

    public TestCluster()
        : this(4)
    {
    }

    internal TestCluster(int shardBits = 4, KademliaOptions? kademlia = null, CrawlTiming? crawling = null) =>
        (ShardBits, Kademlia, _crawling) = (shardBits, kademlia ?? new KademliaOptions(), crawling ?? new CrawlTiming());

    public int ShardBits { get; }

    public KademliaOptions Kademlia { get; }

    internal SettableClock Clock { get; } = new();

    /// <summary>Whether silos reach no edge with changed rules, as if all were frozen.</summary>
    public bool LosesRules { get; set; }

    public InProcessTestCluster Value { get; private set; } = null!;

    public IClusterClient Client => Value.Client;

    public IDhtAdmin Admin => Value.GetSiloServiceProvider().GetRequiredService<IDhtAdmin>();

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.UseInMemoryReminderService();
            silo.AddOutgoingGrainCallFilter(call => LosesRules && call.MethodName == nameof(IEdgeObserver.OnRulesAsync)
                ? throw new TimeoutException("The edge does not respond.")
                : call.Invoke());
            silo.Services.AddSingleton(_crawling);
            silo.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, Clock);
            silo.UseKadGrains(options => (options.ShardBits, options.Kademlia) = (ShardBits, Kademlia));
            silo.Services.AddGrainStorage(
                GrainStorageName.Kad, (services, _) => new SharedStorage(_rows, services.GetRequiredService<Serializer>()));
        });
        Value = builder.Build();
        await Value.DeployAsync();

        // The directory has known of all edges for long.
        await Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetLiveAsync();
        Clock.Passed = IEdgeDirectoryGrain.LeaseDuration;
    }

    public async ValueTask DisposeAsync() => await Value.DisposeAsync();
}

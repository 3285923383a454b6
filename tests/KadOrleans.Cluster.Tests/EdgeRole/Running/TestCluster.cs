using KadOrleans.Cluster.Tests.Grains;
using Orleans.Runtime.Hosting;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Two silos with the real grains in this process, on storage that outlives them.</summary>
public sealed class TestCluster : IAsyncLifetime
{
    private readonly CrawlTiming _crawling;

    public TestCluster()
        : this(4)
    {
    }

    internal TestCluster(int shardBits = 4, KademliaOptions? kademlia = null, CrawlTiming? crawling = null) =>
        (ShardBits, Kademlia, _crawling) = (shardBits, kademlia ?? new KademliaOptions(), crawling ?? new CrawlTiming());

    public int ShardBits { get; }

    public KademliaOptions Kademlia { get; }

    public TestRows Rows { get; } = new();

    internal SettableClock Clock { get; } = new();

    /// <summary>Runs before each call of or by a silo, with its interface and method; fails it by throwing.</summary>
    public Action<string> BeforeCall { get; set; } = static _ => { };

    public InProcessTestCluster Value { get; private set; } = null!;

    public IClusterClient Client => Value.Client;

    public IDhtAdmin Admin => Value.GetSiloServiceProvider().GetRequiredService<IDhtAdmin>();

    public static async Task<TestCluster> StartAsync()
    {
        var cluster = new TestCluster();
        await cluster.InitializeAsync();
        return cluster;
    }

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.UseInMemoryReminderService();
            silo.AddIncomingGrainCallFilter(call => CallAsync(call, call.Invoke));
            silo.AddOutgoingGrainCallFilter(call => CallAsync(call, call.Invoke));
            silo.Services.AddSingleton(_crawling);
            silo.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, Clock);
            silo.UseKadGrains(options => (options.ShardBits, options.Kademlia) = (ShardBits, Kademlia));
            silo.Services.AddGrainStorage(
                GrainStorageName.Kad, (_, _) => new TestGrainStorage(Rows));
        });
        builder.ConfigureClient(client => client.AddKadClient());
        Value = builder.Build();
        await Value.DeployAsync();

        // The directory has known of all edges for long.
        await Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetLiveAsync();
        Clock.Passed = IEdgeDirectoryGrain.LeaseDuration;
    }

    public async Task KillSilosAsync()
    {
        foreach (var silo in Value.Silos.ToList())
        {
            await Value.KillSiloAsync(silo);
        }
    }

    internal IKeyShardGrain ShardOf(NodeId key) => Client.GetGrain<IKeyShardGrain>(GrainKeys.Shard(key, ShardBits));

    public Task RemindAsync(IAddressable grain, string name) => Client.GetGrain<IRemindable>(grain.GetGrainId()).ReceiveReminder(name, default);

    /// <summary>Until <see cref="TestRows.Heal"/> every read and write fails.</summary>
    public void TakeStorageAway() => Rows.BeforeRead = Rows.BeforeWrite = static (_, _) => throw new IOException("Storage is away.");

    public async ValueTask DisposeAsync()
    {
        Rows.Heal();
        await Value.DisposeAsync();
    }

    private Task CallAsync(IGrainCallContext call, Func<Task> invoke)
    {
        BeforeCall($"{call.InterfaceMethod.DeclaringType!.Name}.{call.MethodName}");
        return invoke();
    }
}

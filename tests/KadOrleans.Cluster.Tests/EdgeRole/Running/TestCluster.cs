using KadOrleans.Cluster.Tests.Grains;
using Orleans.Runtime.Hosting;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Two silos with the real grains in this process, on storage that outlives them.</summary>
public sealed class TestCluster : SiloCluster
{
    public int ShardBits { get; init; } = 4;

    public KademliaOptions Kademlia { get; init; } = new();

    internal CrawlTiming Crawling { get; init; } = new();

    public TestRows Rows { get; } = new();

    internal SettableClock Clock { get; init; } = new();

    /// <summary>Runs before each call of or by a silo, with its interface and method; fails it by throwing.</summary>
    public Action<string> BeforeCall { get; set; } = static _ => { };

    public IDhtAdmin Admin => Service<IDhtAdmin>();

    public static async Task<TestCluster> StartAsync(int shardBits = 4)
    {
        var cluster = new TestCluster { ShardBits = shardBits };
        await cluster.InitializeAsync();
        return cluster;
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();

        // The directory has known of all edges for long.
        await Directory.GetLiveAsync();
        Clock.Passed = IEdgeDirectoryGrain.LeaseDuration;
    }

    public async Task KillSilosAsync()
    {
        foreach (var silo in Cluster.Silos.ToList())
        {
            await Cluster.KillSiloAsync(silo);
        }
    }

    internal IKeyShardGrain ShardOf(NodeId key) => Shard(GrainKeys.Shard(key, ShardBits));

    internal GrainKeyStore OpenStore() => new(Client, ShardLayout.Of(ShardBits), TimeProvider.System, NullLogger<GrainKeyStore>.Instance);

    public Task RemindAsync(IAddressable grain, string name) => Client.GetGrain<IRemindable>(grain.GetGrainId()).ReceiveReminder(name, default);

    /// <summary>Until <see cref="TestRows.Heal"/> every read and write fails.</summary>
    public void TakeStorageAway() => Rows.BeforeRead = Rows.BeforeWrite = static (_, _) => throw new IOException("Storage is away.");

    public override ValueTask DisposeAsync()
    {
        Rows.Heal();
        return base.DisposeAsync();
    }

    protected override void ConfigureSilo(string name, ISiloBuilder silo)
    {
        silo.AddIncomingGrainCallFilter(call => CallAsync(call, call.Invoke));
        silo.AddOutgoingGrainCallFilter(call => CallAsync(call, call.Invoke));
        silo.Services.AddSingleton(Crawling);
        silo.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, Clock);
        silo.UseKadGrains(options => (options.ShardBits, options.Kademlia) = (ShardBits, Kademlia));
        silo.Services.AddGrainStorage(GrainStorageName.Kad, (_, _) => new TestGrainStorage(Rows));
    }

    private Task CallAsync(IGrainCallContext call, Func<Task> invoke)
    {
        BeforeCall($"{call.InterfaceMethod.DeclaringType!.Name}.{call.MethodName}");
        return invoke();
    }
}

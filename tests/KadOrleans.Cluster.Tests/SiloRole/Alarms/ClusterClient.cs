using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The grains of a silo process, for a client in the test's own.</summary>
internal sealed class ClusterClient : IAsyncDisposable
{
    private readonly IHost _host;

    private ClusterClient(IHost host) => _host = host;

    public IDhtGrain Dht => Grains.GetGrain<IDhtGrain>(GrainKeys.Singleton);

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Connects to a silo that has no keys, or as a client alone.</summary>
    public static async Task<ClusterClient> ConnectAsync(int gateway, string? data = null, Action<IClientBuilder>? configure = null) =>
        new(await OrleansClient.StartAsync(gateway, data, configure));

    /// <summary>Connects to a silo with state of its own by its keys, so that it may call what silos may.</summary>
    public static Task<ClusterClient> ConnectAsync(SiloServer silo) => ConnectAsync(
        silo.Gateway, silo.Data, client => client.AddOutgoingGrainCallFilter(new SiloProof(KeyOf(silo.Data, KeySettings.SiloFileName))));

    /// <summary>A key of a silo's data folder.</summary>
    public static ClusterKey KeyOf(string data, string name) => ClusterKey.Parse(File.ReadAllText(Path.Combine(data, name)).Trim());

    public GrainKeyStore OpenValues(int shardBits) =>
        new(Grains, ShardLayout.Of(shardBits), TimeProvider.System, NullLogger<GrainKeyStore>.Instance);

    /// <summary>Stores under each key what <see cref="StoreLoad.ValueOf"/> has for it, for an hour.</summary>
    // publish: whether this cluster is to publish a value, by its number.
    public async Task StoreAsync(int shardBits, IReadOnlyList<NodeId> keys, Func<int, bool>? publish = null)
    {
        await using var values = OpenValues(shardBits);

        // A busy machine may not answer in time.
        await Eventually.BecomesAsync(
            async () =>
            {
                var now = DateTimeOffset.UtcNow;
                var results = await Task.WhenAll(keys.Select((key, i) => values.PutAsync(
                    key,
                    new StoredValue(StoreLoad.ValueOf(key), now, now.AddHours(1), default) { PublishedAt = publish?.Invoke(i) == true ? now : null }).AsTask()));
                return Array.TrueForAll(results, result => result == StoreResult.Stored);
            },
            () => "a silo that stores");
    }

    /// <summary>The table of the only edge gets a tick of a reminder: the shortest of their periods is five minutes.</summary>
    public static async Task RemindAsync(IGrainFactory grains, string name, TickStatus status)
    {
        var live = await grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetLiveAsync();
        var table = grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(live.Single().NodeIds[0]));
        await grains.GetGrain<IRemindable>(table.GetGrainId()).ReceiveReminder(name, status);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    /// <summary>The proof of a silo that nobody knows, by the silos' key.</summary>
    private sealed class SiloProof(ClusterKey key) : IOutgoingGrainCallFilter
    {
        private readonly string _proof = CallProof.OfSilo(key, SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), SiloAddress.AllocateNewGeneration()).ToParsableString());

        public Task Invoke(IOutgoingGrainCallContext context)
        {
            RequestContext.Set(CallProof.ContextKey, _proof);
            return context.Invoke();
        }
    }
}

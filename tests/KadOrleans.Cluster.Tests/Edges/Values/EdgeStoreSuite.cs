namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>Stores that answer by themselves, before real shards. The edges' clock moves when the test moves it.</summary>
public abstract class EdgeStoreSuite(SixteenShardCluster cluster) : IAsyncLifetime
{
    protected static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);
    protected static readonly TimeSpan OutageBound = TimeSpan.FromSeconds(30);

    private readonly List<GrainKeyStore> _stores = [];
    private readonly TaskCompletionSource _silence = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected SixteenShardCluster Cluster => cluster;

    protected ManualTimeProvider EdgesClock { get; } = new();

    public ValueTask InitializeAsync() => new(cluster.ClearAsync(StoreQuota.Unlimited));

    public async ValueTask DisposeAsync()
    {
        BeWell();

        // Stores wait for their calls, and these for the edges' clock if they failed.
        var ending = Task.WhenAll(_stores.Select(store => store.DisposeAsync().AsTask()));
        await Eventually.IsTrueAsync(() =>
        {
            EdgesClock.Advance(Bound);
            return ending.IsCompleted;
        });
        await ending;

        GC.SuppressFinalize(this);
    }

    private protected GrainKeyStore Create(int maxFilterBytes = 64 << 20)
    {
        var options = new GrainKeyStoreOptions
        {
            MaxStaleness = Bound,
            MaxOutageStaleness = OutageBound,
            HedgeAfter = TimeSpan.FromHours(1),
            MaxFilterBytes = maxFilterBytes,
        };
        _stores.Add(cluster.OpenStore(options, EdgesClock));
        return _stores[^1];
    }

    protected void BeSilent()
    {
        foreach (var method in (string[])["GetAsync", "PutAsync"])
        {
            cluster.Gate.Set<IShardDesk>(method, () => _silence.Task);
            cluster.Gate.Set<IKeyShardGrain>(method, () => _silence.Task);
        }

        cluster.Gate.Set<IKeyShardGrain>("GetNewsAsync", () => throw new SiloUnavailableException("Away."));
    }

    protected void BeWell()
    {
        cluster.Gate.Open();
        _silence.TrySetResult();
    }

    /// <summary>Time passes for silos and edges. The time of day stays.</summary>
    protected void Advance(TimeSpan by)
    {
        cluster.Clock.Pass(by);
        EdgesClock.Advance(by);
    }

    /// <summary>Has a store read the news, and the silos ask the shards for them.</summary>
    private protected Task ReadAsync(GrainKeyStore store)
    {
        Advance(SiloNews.MinAge);
        return store.ReadNewsAsync();
    }

    /// <summary>Waits until a miss of each shard is answered without a call.</summary>
    private protected async Task HearOfAllAsync(GrainKeyStore store)
    {
        var random = new SeededRandomSource(7);
        NodeId[] keys = [.. Enumerable.Range(0, 300).Select(_ => NodeId.Random(random))];
        Assert.Equal(1 << cluster.ShardBits, keys.Select(key => GrainKeys.Shard(key, cluster.ShardBits)).Distinct().Count());
        await Eventually.BecomesAsync(
            async () =>
            {
                var absent = store.Totals()["shards.get.absent"];
                foreach (var key in keys)
                {
                    await store.GetAsync(key, StoredValues.Now);
                }

                if (store.Totals()["shards.get.absent"] - absent > keys.Length * 9 / 10)
                {
                    return true;
                }

                await ReadAsync(store);
                return false;
            },
            () => "misses that no filter answered");
    }
}

namespace KadOrleans.Cluster.Tests.Edges;

[Collection(OneShard.Name)]
public sealed class GrainKeyStoreTests(OneShardCluster cluster) : KeyStoreDurabilityContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster);
}

/// <summary>The port's contract over a store that answers gets from filters and a cache.</summary>
[Collection(OneShard.Name)]
public sealed class CachingKeyStoreTests(OneShardCluster cluster) : KeyStoreContract
{
    internal static GrainKeyStoreOptions Options { get; } = GrainKeyStoreHost.Options with { MaxStaleness = TimeSpan.FromSeconds(2) };

    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster, Options);
}

[Collection(OneShard.Name)]
public sealed class MarkedKeyStoreTests(OneShardCluster cluster) : KeyStoreMarkContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster);
}

[Collection(OneShard.Name)]
public sealed class MarkedPublicationReplacementTests(OneShardCluster cluster) : PublicationReplacementContract, IAsyncDisposable
{
    private GrainKeyStore? _keys;

    public ValueTask DisposeAsync() => _keys?.DisposeAsync() ?? ValueTask.CompletedTask;

    // A cluster has no quota of publications apart from that of its keys.
    protected override async ValueTask<IPublicationStore> OpenAsync(int capacity)
    {
        await cluster.ClearAsync(StoreQuota.Unlimited);
        _keys = cluster.OpenStore(GrainKeyStoreHost.Options);
        return new MarkedPublicationStore(_keys.ForNode(), _keys.UnpublishAsync, TimeSpan.FromDays(7), cluster.Clock);
    }
}

[Collection(SixteenShards.Name)]
public sealed class CachingKeyStoreConcurrencyTests(SixteenShardCluster cluster) : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new GrainKeyStoreHost(cluster, CachingKeyStoreTests.Options);
}

/// <summary>The shards of a shared cluster, emptied for each test. Opening again finds what storage holds.</summary>
internal sealed class GrainKeyStoreHost(TestCluster cluster, GrainKeyStoreOptions? options = null) : KeyStoreHost
{
    /// <summary>Usage is exact when it is asked for, and a busy machine has time for thousands of keys; all else as on an edge.</summary>
    public static GrainKeyStoreOptions Options { get; } = new() { UsageMaxAge = TimeSpan.Zero, Timeout = TimeSpan.FromMinutes(1) };

    private GrainKeyStore? _store;

    public override async ValueTask<IKeyStore> OpenAsync(StoreQuota quota)
    {
        if (_store is null)
        {
            cluster.Clock.Set(StoredValues.Now);
            await cluster.ClearAsync(quota);
        }
        else
        {
            await cluster.RestartShardsAsync(quota);
        }

        _store = cluster.OpenStore(options ?? Options, cluster.Clock);
        return _store.ForNode();
    }

    public override void MoveTo(DateTimeOffset now) => cluster.Clock.Set(now);

    // Another key's value may be answered from the edge's cache for as long, though a put evicted it from its shard.
    public override async Task SettleAsync()
    {
        cluster.Clock.Pass((options ?? Options).MaxStaleness);
        await _store!.ReadNewsAsync();
    }

    public override ValueTask CloseAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;
}

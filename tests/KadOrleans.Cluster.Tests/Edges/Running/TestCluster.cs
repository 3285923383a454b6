using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>A cluster on the storage in memory that comes with the runtime.</summary>
public abstract class TestCluster(int shardBits) : SiloCluster
{
    private readonly ConcurrentBag<KadClusterOptions> _options = [];

    public int ShardBits => shardBits;

    public GrainClock Clock { get; } = new();

    /// <summary>A store of an edge, which is to be disposed.</summary>
    internal GrainKeyStore OpenStore(GrainKeyStoreOptions? options = null, TimeProvider? time = null) => new(
        Client, ShardLayout.Of(shardBits), time ?? TimeProvider.System, NullLogger<GrainKeyStore>.Instance, options);

    /// <summary>Empties every shard and has it start anew under a quota, at the time of <see cref="StoredValues"/>.</summary>
    public async Task ClearAsync(StoreQuota quota)
    {
        Clock.Set(StoredValues.Now);
        for (var number = 0; number < 1 << shardBits; number++)
        {
            while (await Shard(number).ScanAsync(KeyRegion.Everywhere, after: null, 1_024) is { Count: > 0 } page)
            {
                await Shard(number).RemoveAsync([.. page.Select(put => put.Key)]);
            }
        }

        await RestartShardsAsync(quota);
    }

    /// <summary>Deactivates every shard: what it holds next comes from its storage.</summary>
    public async Task RestartShardsAsync(StoreQuota quota)
    {
        foreach (var options in _options)
        {
            options.Quota = quota;
        }

        for (var number = 0; number < 1 << shardBits; number++)
        {
            await Cluster.DeactivateAsync(Shard(number));
        }
    }

    protected override void ConfigureSilo(string name, ISiloBuilder silo)
    {
        silo.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, Clock);
        silo.AddMemoryGrainStorage(GrainStorageName.Kad);
        silo.UseKadGrains(options =>
        {
            options.ShardBits = shardBits;
            options.Kademlia = RoutingTableContract.Options;
            options.Subnets = new SubnetLimits { PerBucket = 100, PerTable = 100 };

            // A shard that is activated later goes by what the options say then.
            _options.Add(options);
        });
    }
}

/// <summary>All keys in one shard, whose quota is then the store's.</summary>
public sealed class OneShardCluster() : TestCluster(shardBits: 0);

public sealed class SixteenShardCluster() : TestCluster(shardBits: 4);

/// <summary>Tests that share the cluster of one shard, and move its clock, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OneShard : ICollectionFixture<OneShardCluster>
{
    public const string Name = "One shard";
}

/// <summary>Tests that share the cluster of sixteen shards, and move its clock, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SixteenShards : ICollectionFixture<SixteenShardCluster>
{
    public const string Name = "Sixteen shards";
}

/// <summary>What grains take the time to be: the contracts' moment, until it is moved. Its timers run on real time.</summary>
public sealed class GrainClock : TimeProvider
{
    private long _moved;
    private long _setAhead;

    public override DateTimeOffset GetUtcNow() => StoredValues.Now + Moved + new TimeSpan(Interlocked.Read(ref _setAhead));

    /// <summary>Sets the time of day; what is measured takes no notice.</summary>
    public void Set(DateTimeOffset now) => Interlocked.Exchange(ref _setAhead, (now - StoredValues.Now - Moved).Ticks);

    /// <summary>Real time, and what the clock was moved by: whoever measures notices both.</summary>
    public override long GetTimestamp() => base.GetTimestamp() + (long)(Moved.TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _moved, by.Ticks);

    /// <summary>Lets time pass, and leaves the time of day.</summary>
    public void Pass(TimeSpan by)
    {
        Advance(by);
        Interlocked.Add(ref _setAhead, -by.Ticks);
    }

    private TimeSpan Moved => new(Interlocked.Read(ref _moved));
}

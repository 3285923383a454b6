using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>Two silos and a client in this process.</summary>
public abstract class TestCluster(int shardBits) : IAsyncLifetime
{
    private readonly ConcurrentBag<KadClusterOptions> _options = [];
    private InProcessTestCluster? _cluster;

    public int ShardBits => shardBits;

    public CallGate Gate { get; } = new();

    public GrainClock Clock { get; } = new();

    public InProcessTestCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster is not deployed.");

    public IGrainFactory Grains => Cluster.Client;

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, Clock);
            silo.AddMemoryGrainStorage(GrainStorageName.Kad);
            silo.UseInMemoryReminderService();
            silo.UseKadGrains(Configure).Services.AddKadClient();
            silo.AddIncomingGrainCallFilter(Gate);
        });
        builder.ConfigureClient(client => client.AddKadClient());
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Empties every shard and has it start anew under a quota, at the time of <see cref="StoredValues"/>.</summary>
    public async Task ClearAsync(StoreQuota quota)
    {
        Clock.Set(StoredValues.Now);
        for (var shard = 0; shard < 1 << shardBits; shard++)
        {
            var grain = Grains.GetGrain<IKeyShardGrain>(shard);
            while (await grain.ScanAsync(KeyRegion.Everywhere, after: null, 1_024) is { Count: > 0 } page)
            {
                await grain.RemoveAsync([.. page.Select(put => put.Key)]);
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

        for (var shard = 0; shard < 1 << shardBits; shard++)
        {
            await Cluster.DeactivateAsync(Grains.GetGrain<IKeyShardGrain>(shard));
        }
    }

    private void Configure(KadClusterOptions options)
    {
        options.ShardBits = shardBits;
        options.Kademlia = RoutingTableContract.Options;
        options.Subnets = new SubnetLimits { PerBucket = 100, PerTable = 100 };

        // A shard that is activated later goes by what the options say then.
        _options.Add(options);
    }
}

/// <summary>All keys in one shard, whose quota is then the store's.</summary>
public sealed class OneShardCluster() : TestCluster(shardBits: 0);

/// <summary>Keys spread over sixteen shards.</summary>
public sealed class SixteenShardCluster() : TestCluster(shardBits: 4);

/// <summary>Tests that share the cluster of one shard, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OneShard : ICollectionFixture<OneShardCluster>
{
    public const string Name = "One shard";
}

/// <summary>Tests that share the cluster of sixteen shards, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SixteenShards : ICollectionFixture<SixteenShardCluster>
{
    public const string Name = "Sixteen shards";
}

/// <summary>Tests of routing tables, which move their cluster's clock, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class Tables : ICollectionFixture<OneShardCluster>
{
    public const string Name = "Tables";
}

/// <summary>Tests of clients, which move their cluster's clock, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class Clients : ICollectionFixture<SixteenShardCluster>
{
    public const string Name = "Clients";
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

    private TimeSpan Moved => new(Interlocked.Read(ref _moved));
}

/// <summary>Counts the calls that reach grains, by method, and fails or holds those a test names.</summary>
public sealed class CallGate : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentDictionary<string, Func<Task>> _gates = new();

    /// <summary>Hears of each call before it runs. <see cref="Open"/> sets it back.</summary>
    public Action<IIncomingGrainCallContext> Arrived { get; set; } = Ignore;

    /// <summary>Calls so far of a grain interface's method, those that were failed here included.</summary>
    public int Count<TGrain>(string method) => _counts.GetValueOrDefault(Name(typeof(TGrain), method));

    /// <summary>From now on every call of the method runs this first; it may throw, or wait.</summary>
    public void Set<TGrain>(string method, Func<Task> gate) => _gates[Name(typeof(TGrain), method)] = gate;

    public void Open()
    {
        _gates.Clear();
        Arrived = Ignore;
    }

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var name = Name(context.InterfaceMethod.DeclaringType!, context.InterfaceMethod.Name);
        _counts.AddOrUpdate(name, 1, (_, count) => count + 1);
        Arrived(context);
        if (_gates.TryGetValue(name, out var gate))
        {
            await gate();
        }

        await context.Invoke();
    }

    private static void Ignore(IIncomingGrainCallContext context)
    {
    }

    private static string Name(Type type, string method) => $"{type.Name}.{method}";
}

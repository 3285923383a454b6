using System.Collections.Concurrent;
using KadOrleans.Client.Hosting;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Grains;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Hosting;
using KadOrleans.PortContracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace KadOrleans.EdgeWorker.Tests.Running;

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

using KadOrleans.EdgeWorker.Tests.Running;
using KadOrleans.EdgeWorker.Values;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.EdgeWorker.Tests.Values;

/// <summary>The shards of a shared cluster, emptied for each test. Opening again finds what storage holds.</summary>
internal sealed class GrainKeyStoreHost(TestCluster cluster, GrainKeyStoreOptions? options = null) : KeyStoreHost
{
    /// <summary>Usage is exact when it is asked for; all else as on an edge.</summary>
    public static GrainKeyStoreOptions Options { get; } = new() { UsageMaxAge = TimeSpan.Zero };

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

        _store = new GrainKeyStore(
            cluster.Grains, ShardLayout.Of(cluster.ShardBits), TimeProvider.System, NullLogger<GrainKeyStore>.Instance, options ?? Options);
        return _store;
    }

    public override void MoveTo(DateTimeOffset now) => cluster.Clock.Set(now);

    public override ValueTask CloseAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;
}

using KadOrleans.GrainStorage.Sqlite;
using KadOrleans.Shards;
using Orleans.Storage;

namespace KadOrleans.Server;

/// <summary>Calls each stored shard after a start if reminders do not survive one: an active shard sets its own.</summary>
internal sealed class ShardWaker(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    IGrainFactory grains,
    ClusterShards known,
    ValueCache cache,
    IHostApplicationLifetime lifetime,
    ILogger<ShardWaker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await lifetime.ApplicationStarted.UntilCancelledAsync().WaitAsync(stoppingToken);

        try
        {
            // Those that a doubling makes are called by the shards that they are halves of.
            var stored = await ((SqliteGrainStorage)storage).ListGrainsAsync(grains.GetGrain<IKeyShardGrain>(0).GetGrainId().Type);
            var shards = stored.Where(shard => known.Layout.IsInUse(shard.GetIntegerKey())).ToList();
            foreach (var shard in shards)
            {
                // A shard that is asked before its turn loads first.
                await cache.Loads.WhenQuietAsync(stoppingToken);
                await WakeAsync(shard);
            }

            if (shards.Count > 0)
            {
                SiloLog.ShardsWoken(logger, shards.Count);
            }
        }
        catch (GrainDatabaseException exception)
        {
            SiloLog.ShardNotWoken(logger, exception);
        }
    }

    private async Task WakeAsync(GrainId shard)
    {
        try
        {
            await grains.GetGrain<IKeyShardGrain>(shard).GetUsageAsync();
        }
        catch (Exception exception)
        {
            // Storage failed, or a newer release wrote the shard. The others are still called.
            SiloLog.ShardNotWoken(logger, exception);
        }
    }
}

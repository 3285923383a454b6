using Microsoft.Extensions.Hosting;

namespace KadOrleans.Grains;

// Lists the grains of a type that have a stored state.
internal delegate Task<IReadOnlyList<GrainId>> ListStored(GrainType type);

/// <summary>Calls each stored shard after a start if reminders do not survive one: an active shard sets its own.</summary>
internal sealed class ShardWaker(
    ListStored list,
    IGrainFactory grains,
    ClusterShards known,
    ValueCache cache,
    ClusterAgreement agreement,
    ILogger<ShardWaker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await agreement.Completion.WaitAsync(stoppingToken);

        try
        {
            // Those that a doubling makes are called by the shards that they are halves of.
            var stored = await list(grains.GetGrain<IKeyShardGrain>(0).GetGrainId().Type);
            var shards = stored.Where(shard => known.Layout.IsInUse(shard.GetIntegerKey())).ToList();
            foreach (var shard in shards)
            {
                // A shard that is asked before its turn loads first.
                await cache.Loads.WhenQuietAsync(stoppingToken);
                await WakeAsync(shard);
            }

            if (shards.Count > 0)
            {
                logger.ShardsWoken(shards.Count);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.ShardNotWoken(exception);
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
            logger.ShardNotWoken(exception);
        }
    }
}

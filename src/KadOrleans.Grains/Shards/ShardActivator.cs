using Microsoft.Extensions.Hosting;

namespace KadOrleans.Grains;

/// <summary>Lists the shards that may lack their reminder.</summary>
internal delegate Task<IReadOnlyList<GrainId>> ListStored(GrainType type);

/// <param name="Interval">How often they are listed again, where reminders may be lost later too.</param>
internal sealed record ShardActivatorOptions(TimeSpan Interval);

/// <summary>Calls each stored shard after a start if reminders do not survive one, or may be lost: an active shard sets its own.</summary>
internal sealed class ShardActivator(
    ListStored list,
    IGrainFactory grains,
    ClusterShards known,
    ValueCache cache,
    ClusterAgreement agreement,
    ILogger<ShardActivator> logger,
    TimeProvider time,
    ShardActivatorOptions? options = null) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        await agreement.Completion.WaitAsync(stoppingToken);

        await ActivateAllAsync(stoppingToken);
        if (options is not null)
        {
            using var timer = new PeriodicTimer(options.Interval, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await ActivateAllAsync(stoppingToken);
            }
        }
    }

    private async Task ActivateAllAsync(CancellationToken stoppingToken)
    {
        try
        {
            // A shard that is split activates its halves itself.
            var stored = await list(grains.GetGrain<IKeyShardGrain>(0).GetGrainId().Type);
            var shards = stored.Where(shard => known.Layout.IsInUse(shard.GetIntegerKey())).ToList();
            foreach (var shard in shards)
            {
                // Shards that callers ask for load first.
                await cache.Loads.WhenIdleAsync(stoppingToken);
                await ActivateAsync(shard);
            }

            if (shards.Count > 0)
            {
                logger.ShardsActivated(shards.Count);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.ShardsNotActivated("the stored shards", exception);
        }
    }

    private async Task ActivateAsync(GrainId shard)
    {
        try
        {
            await grains.GetGrain<IKeyShardGrain>(shard).GetUsageAsync();
        }
        catch (Exception exception)
        {
            // Storage failed, or a newer release wrote the shard. The others are still called.
            logger.ShardsNotActivated(GrainKeys.ShardName(shard.GetIntegerKey()), exception);
        }
    }
}

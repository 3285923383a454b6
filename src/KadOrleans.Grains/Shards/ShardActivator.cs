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
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        await agreement.Completion.WaitAsync(stoppingToken);

        var pauses = new BackOff(FirstPause, LongestPause);
        while (true)
        {
            if (!await ActivateAllAsync(stoppingToken))
            {
                await Task.Delay(pauses.Next(), time, stoppingToken);
            }
            else if (options is not null)
            {
                pauses = new BackOff(FirstPause, LongestPause);
                await Task.Delay(options.Interval, time, stoppingToken);
            }
            else
            {
                return;
            }
        }
    }

    // Returns whether all are active.
    private async Task<bool> ActivateAllAsync(CancellationToken stoppingToken)
    {
        try
        {
            // A shard that is split activates its halves itself.
            var stored = await list(grains.GetGrain<IKeyShardGrain>(0).GetGrainId().Type);
            var shards = stored.Where(shard => known.Layout.IsInUse(shard.GetIntegerKey())).ToList();
            var active = 0;
            foreach (var shard in shards)
            {
                // Shards that callers ask for load first.
                await cache.Loads.WhenIdleAsync(stoppingToken);
                active += await TryActivateAsync(shard) ? 1 : 0;
            }

            if (active > 0)
            {
                logger.ShardsActivated(active);
            }

            return active == shards.Count;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.ShardsNotActivated("the stored shards", exception);
            return false;
        }
    }

    private async Task<bool> TryActivateAsync(GrainId shard)
    {
        try
        {
            await grains.GetGrain<IKeyShardGrain>(shard).GetUsageAsync();
            return true;
        }
        catch (Exception exception)
        {
            // Storage failed, or another build wrote the shard. The others are still called.
            logger.ShardsNotActivated(GrainKeys.ShardName(shard.GetIntegerKey()), exception);
            return false;
        }
    }
}

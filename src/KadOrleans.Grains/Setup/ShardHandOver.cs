using Orleans.Core.Internal;
using Orleans.Runtime.Placement;

namespace KadOrleans.Grains;

// Moves the shards of a silo that stops to the other silos, a few at a time, while it still serves. All at once they would be
// read from storage together, and none of them would answer meanwhile.
internal sealed class ShardHandOver(
    IGrainFactory grains,
    ILocalSiloDetails silo,
    ISiloStatusOracle silos,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<ShardHandOver> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private const int Parallelism = 8;

    // The longest hand-over. Shards that are left are activated elsewhere when they are called. A stop has more to do.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    // Stages stop in descending order: before the silo says that it leaves.
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(ShardHandOver), ServiceLifecycleStage.Active + 1, _ => Task.CompletedTask, HandOverAsync);

    private async Task HandOverAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        SiloAddress[] others = [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Where(other => !other.Equals(silo.SiloAddress))];
        var moved = 0;
        try
        {
            var shards = others.Length == 0 ? [] : await FindAsync();
            using var limit = new CancellationTokenSource(Limit, time);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = ending.Token };
            await Parallel.ForEachAsync(shards.Index(), options, async (shard, token) =>
            {
                await MoveAsync(shard.Item, others[shard.Index % others.Length]).WaitAsync(token);
                Interlocked.Increment(ref moved);
            });
        }
        catch (Exception e)
        {
            logger.ShardsNotHandedOver(e.Message);
        }

        logger.ShardsHandedOver(moved, others.Length, time.GetElapsedTime(started));
    }

    private async Task<GrainId[]> FindAsync()
    {
        var type = grains.GetGrain<IKeyShardGrain>(0).GetGrainId().Type;
        var here = await grains.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics(null, [silo.SiloAddress]);
        return [.. here.Select(grain => grain.GrainId).Where(grain => grain.Type.Equals(type))];
    }

    private async Task MoveAsync(GrainId shard, SiloAddress target)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
        await grains.GetGrain<IGrainManagementExtension>(shard).MigrateOnIdle();

        // Answered by the new activation.
        await grains.GetGrain<IKeyShardGrain>(shard).GetUsageAsync();
    }
}

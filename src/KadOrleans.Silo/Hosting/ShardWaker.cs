using KadOrleans.Grains;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.GrainStorage.Sqlite;
using Orleans.Storage;

namespace KadOrleans.Silo.Hosting;

/// <summary>
/// Where storage outlives the process and reminders do not, calls each stored shard once after a start, for a shard sets
/// its reminder when it activates. Routing tables need none of this: their edges come back to them.
/// </summary>
internal sealed class ShardWaker(
    [FromKeyedServices(GrainStorageName.Kad)] IGrainStorage storage,
    IGrainFactory grains,
    IHostApplicationLifetime lifetime,
    ILogger<ShardWaker> logger) : BackgroundService
{
    // Loading shards must not keep the disk from the cluster's first requests.
    private const int Parallelism = 4;

    /// <summary>Adds the waker where it is needed.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        if (Is($"Orleans:GrainStorage:{GrainStorageName.Kad}", "Sqlite") && Is("Orleans:Reminders", "Memory"))
        {
            services.AddHostedService<ShardWaker>();
        }

        bool Is(string provider, string type) =>
            type.Equals(configuration[$"{provider}:ProviderType"], StringComparison.OrdinalIgnoreCase);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
        {
            await started.Task.WaitAsync(stoppingToken);
        }

        try
        {
            var shards = await ((SqliteGrainStorage)storage).ListGrainsAsync(grains.GetGrain<IKeyShardGrain>(0).GetGrainId().Type);
            var options = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(shards, options, async (shard, _) => await WakeAsync(shard));
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
            // Storage that fails, or a shard that a newer release wrote: the others go on.
            SiloLog.ShardNotWoken(logger, exception);
        }
    }
}

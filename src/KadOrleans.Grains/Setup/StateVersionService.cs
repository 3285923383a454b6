using Microsoft.Extensions.Hosting;

namespace KadOrleans.Grains;

// Reports this silo's schema version to the cluster periodically, and takes the version to write, the number of shards, the
// limits and the time. It also has periodic crawls scheduled, once.
internal sealed class StateVersionService(
    IGrainFactory grains,
    ClusterAgreement agreement,
    ClusterLimits limits,
    ClusterClock clock,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<StateVersionService> logger) : BackgroundService
{
    // The time between reports. The cluster grain forgets the silos' versions when it moves, and knows all of them one interval later.
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string? refusal = null;
        Task<bool>? scheduling = null;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!agreement.Completion.IsCompletedSuccessfully)
            {
                continue;
            }

            await clock.AgreeAsync();
            try
            {
                await agreement.JoinAsync();
                await limits.FetchAsync();
                if (scheduling is null or { IsCompletedSuccessfully: true, Result: false })
                {
                    // Not awaited: the storage that it reads may be unavailable for long.
                    scheduling = TryScheduleAsync(stoppingToken);
                }
            }
            catch (InvalidOperationException e)
            {
                // The settings were fixed while this silo ran. Its next start will fail; until then one line is enough.
                if (e.Message != refusal)
                {
                    logger.SettingsDiffer(refusal = e.Message);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.StateVersionNotReported(e.Message);
            }
        }
    }

    private async Task<bool> TryScheduleAsync(CancellationToken stoppingToken)
    {
        var crawls = grains.GetGrain<ICrawlGrain>(GrainKeys.Singleton);
        try
        {
            await crawls.ScheduleAsync();
            return true;
        }
        catch (Exception e)
        {
            if (!stoppingToken.IsCancellationRequested)
            {
                logger.ReminderNotSet(CrawlGrain.Periodic, crawls.GetGrainId(), e);
            }

            return false;
        }
    }
}

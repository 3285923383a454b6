using Microsoft.Extensions.Hosting;

namespace KadOrleans.Grains;

// Keeps up with the cluster: its time, its number of shards and its limits. It also has periodic crawls scheduled, once.
internal sealed class ClusterFollower(
    IGrainFactory grains,
    ClusterAgreement agreement,
    ClusterLimits limits,
    ClusterClock clock,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<ClusterFollower> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private string? _refusal;
    private Task<bool>? _scheduling;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (agreement.Completion.IsCompletedSuccessfully)
            {
                await TryAsync(clock.AgreeAsync, stoppingToken);
                await TryAsync(() => JoinAsync(stoppingToken), stoppingToken);
            }
        }
    }

    // The next round tries again: a failure must not end the service, and with it the silo.
    private async Task TryAsync(Func<Task> step, CancellationToken stoppingToken)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            logger.ClusterNotFollowed(e.Message);
        }
    }

    private async Task JoinAsync(CancellationToken stoppingToken)
    {
        try
        {
            await agreement.JoinAsync();
            await limits.FetchAsync();
            if (_scheduling is null or { IsCompletedSuccessfully: true, Result: false })
            {
                // Not awaited: the storage that it reads may be unavailable for long.
                _scheduling = TryScheduleAsync(stoppingToken);
            }
        }
        catch (InvalidOperationException e)
        {
            // The settings were fixed while this silo ran. Its next start will fail; until then one line is enough.
            if (e.Message != _refusal)
            {
                logger.SettingsDiffer(_refusal = e.Message);
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

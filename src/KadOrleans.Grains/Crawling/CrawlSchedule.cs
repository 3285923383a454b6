using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Crawling;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Crawling;

/// <summary>Has periodic crawls scheduled once the silo's settings agree with the cluster's. It tries until that is done.</summary>
internal sealed class CrawlSchedule(
    IGrainFactory grains,
    ClusterAgreement agreement,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<CrawlSchedule> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await agreement.Completion.WaitAsync(stoppingToken);
                await grains.GetGrain<ICrawlGrain>(GrainKeys.Singleton).ScheduleAsync();
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.ReminderNotSet(CrawlGrain.Periodic, e);
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }
}

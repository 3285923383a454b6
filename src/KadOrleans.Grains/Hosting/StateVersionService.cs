using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Hosting;

/// <summary>Tells the cluster again and again which schema version this silo knows, and hears which one is written.</summary>
internal sealed class StateVersionService(
    ClusterAgreement agreement,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<StateVersionService> logger) : BackgroundService
{
    /// <summary>The grain that counts silos forgets them when it moves; this long later it knows all of them again.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!agreement.Completion.IsCompletedSuccessfully)
            {
                continue;
            }

            try
            {
                await agreement.JoinAsync();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.StateVersionNotTold(e.Message);
            }
        }
    }
}

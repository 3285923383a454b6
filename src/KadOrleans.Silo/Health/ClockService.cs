using KadOrleans.Cluster.Clocks;
using KadOrleans.Silo.Hosting;

namespace KadOrleans.Silo.Health;

/// <summary>Has the silo's clock compared with that of the silo that leases node ids, once it takes calls.</summary>
internal sealed class ClockService(
    ClockWatch clock, IGrainFactory grains, IHostApplicationLifetime lifetime, ILogger<ClockService> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Before that no grain can be called.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
        {
            await started.Task.WaitAsync(stoppingToken);
        }

        using var timer = new PeriodicTimer(Interval);
        do
        {
            try
            {
                await clock.CompareAsync(grains, Patience, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                SiloLog.ClockNotCompared(logger, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}

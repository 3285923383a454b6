using KadOrleans.EdgeWorker.Edges;
using KadOrleans.Silo.Hosting;

namespace KadOrleans.Silo.Health;

/// <summary>Has the silo's clock compared with that of the silo that leases node ids, once it takes calls.</summary>
internal sealed class ClockService(
    ClockWatch clock,
    IGrainFactory grains,
    IHostApplicationLifetime lifetime,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<ClockService> logger) : BackgroundService
{
    /// <summary>
    /// Without an answer for this long the silo counts as cut off. It takes less to declare that silo dead and have its grain come
    /// up elsewhere, so that the others stay ready meanwhile.
    /// </summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private long _answeredAt = time.GetTimestamp();

    /// <summary>Whether the silo that leases node ids has not answered for long.</summary>
    public bool IsCutOff => time.GetElapsedTime(Interlocked.Read(ref _answeredAt)) >= Longest;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Before that no grain can be called.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
        {
            await started.Task.WaitAsync(stoppingToken);
        }

        Answered();
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await clock.CompareAsync(grains, Patience, stoppingToken);
                Answered();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                SiloLog.ClockNotCompared(logger, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Answered() => Interlocked.Exchange(ref _answeredAt, time.GetTimestamp());
}

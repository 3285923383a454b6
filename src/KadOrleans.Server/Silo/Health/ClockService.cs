namespace KadOrleans.Server;

/// <summary>
/// Compares the silo's clock with the cluster's time, which the edge directory tells, once the silo is active, and with the monotonic clock.
/// </summary>
internal sealed class ClockService(
    ClockWatch clock,
    IGrainFactory grains,
    IHostApplicationLifetime lifetime,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<ClockService> logger,
    ExpiryTime? own = null) : BackgroundService
{
    // Without a response for so long the silo counts as cut off. After a death the directory is back sooner, so others stay ready.
    public static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    private long _answeredAt = time.GetTimestamp();

    /// <summary>Whether the edge directory has not responded for <see cref="SilenceTimeout"/>.</summary>
    public bool IsCutOff => time.GetElapsedTime(Interlocked.Read(ref _answeredAt)) >= SilenceTimeout;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        // Before that no grain can be called.
        await lifetime.ApplicationStarted.UntilCancelledAsync().WaitAsync(stoppingToken);

        Answered();
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            // A silo moves no times.
            _ = own?.Check();
            try
            {
                await clock.CompareAsync(grains, CallTimeout, stoppingToken);
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

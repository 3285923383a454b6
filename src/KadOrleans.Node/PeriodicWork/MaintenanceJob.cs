namespace KadOrleans.Node;

// Work that a node repeats until it stops. A failed check is logged, and the next one follows. A check returns the time until the
// next one, or Timeout.InfiniteTimeSpan if the job is done.
internal sealed record MaintenanceJob(
    string Name, Func<CancellationToken, Task<TimeSpan>> CheckAsync, TimeSpan PauseAfterFailure = default)
{
    /// <summary>A job with a single run, which may last until the node stops.</summary>
    public static MaintenanceJob Once(string name, Func<CancellationToken, Task> runAsync, TimeSpan pauseAfterFailure = default) => new(
        name,
        async cancellationToken =>
        {
            await runAsync(cancellationToken);
            return Timeout.InfiniteTimeSpan;
        },
        pauseAfterFailure);

    public async Task RunAsync(TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.Zero;
        while (pause != Timeout.InfiniteTimeSpan)
        {
            try
            {
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, time, cancellationToken);
                }

                pause = await CheckAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The node stops.
                return;
            }
            catch (Exception e)
            {
                logger.MaintenanceFailed(Name, e);
                pause = PauseAfterFailure;
            }
        }
    }
}

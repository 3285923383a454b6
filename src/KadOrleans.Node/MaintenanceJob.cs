namespace KadOrleans.Node;

/// <summary>Work that a node repeats until it stops. A failed check is logged, and the next one follows.</summary>
/// <param name="Name">For the log.</param>
/// <param name="CheckAsync">Returns the time until the next check, or <see cref="Timeout.InfiniteTimeSpan"/> if the job is done.</param>
/// <param name="PauseAfterFailure">The time until the next check after a failed one.</param>
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

    /// <summary>Works until the job is done or cancelled.</summary>
    public async Task RunAsync(TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            var pause = TimeSpan.Zero;
            while (pause != Timeout.InfiniteTimeSpan)
            {
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, time, cancellationToken);
                }

                pause = await TryCheckAsync(logger, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async Task<TimeSpan> TryCheckAsync(ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            return await CheckAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.MaintenanceFailed(Name, e);
            return PauseAfterFailure;
        }
    }
}

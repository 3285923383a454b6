namespace KadOrleans.Node;

// Work that a node repeats until it stops. A failed check is logged, and tried again after a pause. A check returns the time until the
// next one, or Timeout.InfiniteTimeSpan if the job is done.
internal sealed record MaintenanceJob(string Name, Func<CancellationToken, Task<TimeSpan>> CheckAsync)
{
    /// <summary>The pause after the first failure. It doubles with each further one, up to <see cref="LongestPause"/>.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest pause: a storage or a disk that is back is noticed by then, and one that stays away is a line of the log each minute. A check
    /// that fails after such a time had worked before, as those do that last until the node stops.
    /// </summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>A job with a single run, which may last until the node stops.</summary>
    public static MaintenanceJob Once(string name, Func<CancellationToken, Task> runAsync) => new(
        name,
        async cancellationToken =>
        {
            await runAsync(cancellationToken);
            return Timeout.InfiniteTimeSpan;
        });

    /// <summary>Repeats it until cancelled. It throws only what the log throws when a failure is logged.</summary>
    public async Task RunAsync(TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var (pause, afterFailure) = (TimeSpan.Zero, FirstPause);
        while (pause != Timeout.InfiniteTimeSpan)
        {
            var begunAt = time.GetTimestamp();
            try
            {
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, time, cancellationToken);
                    begunAt = time.GetTimestamp();
                }

                (pause, afterFailure) = (await CheckAsync(cancellationToken), FirstPause);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The node stops.
                return;
            }
            catch (Exception e)
            {
                logger.MaintenanceFailed(Name, e);
                pause = time.GetElapsedTime(begunAt) >= LongestPause ? FirstPause : afterFailure;
                afterFailure = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }
}

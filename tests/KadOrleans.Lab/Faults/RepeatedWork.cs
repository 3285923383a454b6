namespace KadOrleans.Lab;

/// <summary>Work that is done once in each interval until the run ends.</summary>
internal static class RepeatedWork
{
    public static async Task RunAsync(TimeSpan interval, Func<Task> workAsync, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await workAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run ended.
        }
    }
}

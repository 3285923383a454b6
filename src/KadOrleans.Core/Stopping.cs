namespace KadOrleans.Core;

/// <summary>How work in the background ends with its process.</summary>
internal static class Stopping
{
    /// <summary>
    /// Waits for work, which may end by the cancellation that stops the process. From its version 11 on a host logs a background service that
    /// ends so as one that failed.
    /// </summary>
    public static async Task UntilStoppedAsync(this Task work, CancellationToken stopping)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }
}

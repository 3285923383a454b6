namespace KadOrleans;

/// <summary>A caller's wait that ends with the host.</summary>
internal static class HostWait
{
    /// <summary>Waits until it is done, the caller cancels it, or the host stops.</summary>
    /// <exception cref="OperationCanceledException">One of both cancelled it; of the caller's token if that is cancelled.</exception>
    public static async Task RunAsync(Func<CancellationToken, Task> wait, CancellationToken stopping, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        try
        {
            await wait(either.Token);
        }
        catch (OperationCanceledException)
        {
            // Of the caller's token, as he may look for it.
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }
}

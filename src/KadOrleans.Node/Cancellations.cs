namespace KadOrleans.Node;

internal static class Cancellations
{
    /// <summary>Waits until a token is cancelled. What follows runs on another thread than the one that cancels it.</summary>
    public static async Task UntilCancelledAsync(this CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (token.UnsafeRegister(static source => ((TaskCompletionSource)source!).TrySetResult(), cancelled))
        {
            await cancelled.Task;
        }
    }
}

namespace KadOrleans.Hosting;

/// <summary>What a process waits for, and why its host stopped.</summary>
public static class Lifetimes
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

    /// <summary>The failure of a background service of a stopped host, which the host itself does not report. Null if none failed.</summary>
    public static Exception? FindCrash(this IHost host) => host.Services.GetServices<IHostedService>()
        .OfType<BackgroundService>()
        .Select(service => service.ExecuteTask?.Exception?.GetBaseException())
        .FirstOrDefault(failure => failure is not null);
}

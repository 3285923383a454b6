using KadOrleans.Hosting;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Silo.Hosting;

/// <summary>Runs a started host until a signal stops it, and bounds the time of the stop.</summary>
internal static class OrderlyStop
{
    /// <summary>
    /// The extra time of a stop after its <see cref="HostOptions.ShutdownTimeout"/>, which Orleans ignores in some retried writes, such as
    /// that of the membership table.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>Waits for SIGTERM or Ctrl-C and stops the host.</summary>
    /// <exception cref="StopException">The host did not stop in time. The process must end without disposing it.</exception>
    public static async Task RunAsync(IHost host)
    {
        await host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.UntilCancelledAsync();
        try
        {
            await host.StopAsync().WaitAsync(KadOptions.SiloShutdownTimeout + Grace);
        }
        catch (Exception e)
        {
            throw new StopException(
                "The silo could not leave the cluster in order, most likely as its storage or the other silos do not answer. "
                + "What was acknowledged is in storage; its grains come up elsewhere when it has been declared dead.",
                e);
        }
    }
}

/// <summary>
/// Ends the process with a sentence and an exit code, instead of a crash, when Orleans reports a fatal error. The usual one: the other
/// silos declared this one dead.
/// </summary>
internal sealed class FatalError(IServiceProvider services) : IFatalErrorHandler
{
    private readonly TaskCompletionSource<StopException> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception) => _ended.TrySetResult(
        services.GetRequiredService<ISiloStatusOracle>().CurrentStatus == SiloStatus.Dead
            ? new StopException(
                "The other silos declared this one dead, as they could not reach it. Its grains start on them, and what was "
                + "acknowledged is in storage; start it again.",
                exception,
                ExitCode.Replaced)
            : new StopException($"The silo failed: {(exception?.GetBaseException().Message ?? context ?? "no reason given").TrimEnd('.')}.", exception));

    /// <summary>Waits for a task, or for a fatal error of the silo.</summary>
    /// <exception cref="StopException">A fatal error of the silo. The process must end without disposing the host.</exception>
    public async Task UnlessAsync(Task task)
    {
        if (await Task.WhenAny(task, _ended.Task) == _ended.Task)
        {
            throw await _ended.Task;
        }

        await task;
    }
}

/// <summary>The silo did not stop normally. The message is a sentence for the operator.</summary>
internal sealed class StopException(string message, Exception? innerException = null, int code = ExitCode.Failed)
    : Exception(message, innerException)
{
    /// <summary>The process's exit code, one of <see cref="ExitCode"/>.</summary>
    public int Code => code;
}

using KadOrleans.Hosting;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Silo.Hosting;

/// <summary>Runs a started host until it is told to stop, and bounds how long the stop takes.</summary>
internal static class OrderlyStop
{
    /// <summary>
    /// How long a host may go on after its <see cref="HostOptions.ShutdownTimeout"/>: Orleans retries some writes, that of
    /// the membership table among them, without regard to it.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>Waits for SIGTERM or Ctrl-C and stops the host.</summary>
    /// <exception cref="StopException">It did not stop in order. Its process is to end all the same, without disposing it.</exception>
    public static async Task RunAsync(IHost host)
    {
        await ToldToStopAsync(host);
        try
        {
            await host.StopAsync().WaitAsync(SiloSettings.ShutdownTimeout + Grace);
        }
        catch (Exception e)
        {
            throw new StopException(
                "The silo could not leave the cluster in order, most likely as its storage or the other silos do not answer. "
                + "What was acknowledged is in storage; its grains come up elsewhere when it has been declared dead.",
                e);
        }
    }

    private static async Task ToldToStopAsync(IHost host)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(told.SetResult))
        {
            await told.Task;
        }
    }
}

/// <summary>
/// Ends the process when Orleans says that it cannot go on, above all when the other silos declared this one dead: with a sentence
/// and a code in place of a crash.
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

    /// <summary>Waits for the end of something, or of the silo.</summary>
    /// <exception cref="StopException">The silo cannot go on. Its process is to end, without disposing the host.</exception>
    public async Task UnlessAsync(Task task)
    {
        if (await Task.WhenAny(task, _ended.Task) == _ended.Task)
        {
            throw await _ended.Task;
        }

        await task;
    }
}

/// <summary>The silo did not stop in order; the message is a sentence for the operator.</summary>
internal sealed class StopException(string message, Exception? innerException = null, int code = ExitCode.Failed)
    : Exception(message, innerException)
{
    /// <summary>What its process ends with: one of <see cref="ExitCode"/>.</summary>
    public int Code => code;
}

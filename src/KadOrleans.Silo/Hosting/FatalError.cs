namespace KadOrleans.Silo.Hosting;

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
                "The other silos declared this one dead, as they could not reach it. Its grains come up on them, and what was "
                + "acknowledged is in storage; start it again.",
                exception,
                ExitCode.DeclaredDead)
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

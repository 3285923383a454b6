namespace KadOrleans.Server;

/// <summary>Ends the process with a sentence and an exit code at a fatal error, mostly because other silos declared it dead.</summary>
internal sealed class FatalError(IServiceProvider services) : IFatalErrorHandler
{
    private readonly TaskCompletionSource<StopException> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception) => _ended.TrySetResult(
        services.GetRequiredService<ISiloStatusOracle>().CurrentStatus == SiloStatus.Dead
            ? new StopException(
                "The cluster's table of members says that this silo is dead: other silos could not reach it, a newer one has its address, or its "
                + "row was lost. They start its grains, and what was acknowledged is in storage; start this silo again.",
                exception,
                ExitCode.Replaced)
            : new StopException($"The silo failed: {(exception?.GetBaseException().Message ?? context ?? "no reason given").TrimEnd('.')}.", exception));

    /// <summary>The table of members lost this silo's row.</summary>
    public void LoseRow() => _ended.TrySetResult(new StopException(
        "The cluster's table of members has lost this silo's row: it was emptied, restored, or lost its last writes, as Redis may. "
        + "What was acknowledged is in storage; start this silo again.",
        null,
        ExitCode.Replaced));

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

using System.Runtime.ExceptionServices;

namespace KadOrleans.Node;

/// <summary>Stops parts one after the other. A part that fails does not keep those behind it from being stopped.</summary>
internal sealed class StopSteps
{
    private ExceptionDispatchInfo? _failure;

    public void Run(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            Record(e);
        }
    }

    public async Task RunAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            Record(e);
        }
    }

    public Task DisposeAsync(IAsyncDisposable? part) => RunAsync(async () =>
    {
        if (part is not null)
        {
            await part.DisposeAsync();
        }
    });

    /// <summary>Throws what the first part that failed has thrown. Call it last.</summary>
    public void ThrowIfFailed() => _failure?.Throw();

    private void Record(Exception failure) => _failure ??= ExceptionDispatchInfo.Capture(failure);
}

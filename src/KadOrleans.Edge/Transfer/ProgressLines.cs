namespace KadOrleans.Edge.Transfer;

/// <summary>Says how far something is, every two seconds.</summary>
internal sealed class ProgressLines : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly PeriodicTimer _timer;
    private readonly Task _writing;

    /// <param name="error">Gets a line each time.</param>
    /// <param name="describe">The line. Called from another thread.</param>
    /// <param name="time">For the interval.</param>
    public ProgressLines(TextWriter error, Func<string> describe, TimeProvider time)
    {
        _timer = new PeriodicTimer(Interval, time);
        _writing = WriteAsync(error, describe);
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _writing;
    }

    private async Task WriteAsync(TextWriter error, Func<string> describe)
    {
        while (await _timer.WaitForNextTickAsync())
        {
            await error.WriteLineAsync(describe());
        }
    }
}

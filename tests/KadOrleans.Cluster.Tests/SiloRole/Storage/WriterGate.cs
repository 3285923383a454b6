using KadOrleans.GrainStorage.Sqlite;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>
/// Holds the writer where it logs a first write that failed, so that a test decides what the next batch consists of. The other log
/// messages go on.
/// </summary>
internal sealed class WriterGate : ILogger<SqliteGrainStorage>, IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _open = new();

    /// <summary>Stops the writer by a write that it refuses; disposal lets it go on.</summary>
    public async Task CloseAsync(Task refused)
    {
        Assert.Same(_reached.Task, await Task.WhenAny(_reached.Task, refused));
        Assert.False(refused.IsCompleted);
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel == LogLevel.Error)
        {
            _reached.TrySetResult();
            _open.Wait();
        }
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose() => _open.Set();
}

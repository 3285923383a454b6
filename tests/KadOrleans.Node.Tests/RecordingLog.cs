using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Tests;

/// <summary>Keeps what the node logged.</summary>
internal sealed class RecordingLog : ILoggerFactory, ILogger
{
    public List<(LogLevel Level, EventId Id, Exception Exception)> Failures { get; } = [];

    /// <summary>All that was logged, by id.</summary>
    public List<EventId> Events { get; } = [];

    public Action OnFailure { get; init; } = () => { };

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This log goes nowhere else.");

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Events.Add(eventId);
        if (exception is not null)
        {
            Failures.Add((logLevel, eventId, exception));
            OnFailure();
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}

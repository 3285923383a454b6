using Microsoft.Extensions.Logging;

namespace KadOrleans.Fuzz.Engine;

/// <summary>Keeps the first exception that the node logged instead of throwing it.</summary>
internal sealed class FailureLog : ILoggerFactory, ILogger
{
    public Exception? First { get; private set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This log goes nowhere else.");

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        First ??= exception;

    public void Dispose()
    {
        // Nothing is held.
    }
}

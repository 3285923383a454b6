using System.Collections.Concurrent;

namespace KadOrleans.Http;

/// <summary>
/// Loggers whose warnings and errors are bounded for each category and event, before any provider gets them: <see cref="CategoryBound"/>. What the
/// process says of itself, and its audit log, are not.
/// </summary>
internal sealed class BoundedLoggers(LoggerFactory all, TimeProvider time) : ILoggerFactory
{
    private readonly ILogger _own = all.CreateLogger(ConsoleLog.Category);
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new();

    public ILogger CreateLogger(string categoryName) => categoryName switch
    {
        ConsoleLog.Category => _own,
        AuditLog.Category => all.CreateLogger(categoryName),
        _ => _loggers.GetOrAdd(categoryName, Create),
    };

    public void AddProvider(ILoggerProvider provider) => all.AddProvider(provider);

    public void Dispose() => all.Dispose();

    private BoundedLogger Create(string category) => new(
        all.CreateLogger(category), of => new CategoryBound(time, count => ConsoleLogMessages.LeftOut(_own, of.Level, count, of.Event, category)));

    private sealed class BoundedLogger(ILogger logger, Func<(LogLevel Level, int Event), CategoryBound> create) : ILogger
    {
        private readonly ConcurrentDictionary<(LogLevel Level, int Event), CategoryBound> _bounds = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && (logLevel < LogLevel.Warning || _bounds.GetOrAdd((logLevel, eventId.Id), create).TryPass()))
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}

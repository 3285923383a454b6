using System.Collections.Concurrent;

namespace KadOrleans.Http;

/// <summary>
/// Loggers whose warnings and errors are bounded for each category, before any provider gets them: <see cref="CategoryBound"/>. What the process says
/// of itself is not.
/// </summary>
internal sealed class BoundedLoggers(LoggerFactory all, TimeProvider time) : ILoggerFactory
{
    private static readonly LogLevel[] BoundedLevels = [LogLevel.Warning, LogLevel.Error, LogLevel.Critical];

    private readonly ILogger _own = all.CreateLogger(ConsoleLog.Category);
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new();

    public ILogger CreateLogger(string categoryName) =>
        categoryName == ConsoleLog.Category ? _own : _loggers.GetOrAdd(categoryName, Create);

    public void AddProvider(ILoggerProvider provider) => all.AddProvider(provider);

    public void Dispose() => all.Dispose();

    private BoundedLogger Create(string category) => new(all.CreateLogger(category), [.. BoundedLevels.Select(level => new CategoryBound(
        time, count => ConsoleLogMessages.LeftOut(_own, level, count, category)))]);

    // Bounds are by level, from Warning on.
    private sealed class BoundedLogger(ILogger logger, CategoryBound[] bounds) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && bounds.ElementAtOrDefault(logLevel - LogLevel.Warning)?.TryPass() != false)
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}

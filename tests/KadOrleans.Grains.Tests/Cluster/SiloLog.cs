using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Grains.Tests.Cluster;

/// <summary>Keeps the warnings that the silos' grains logged.</summary>
internal sealed class SiloLog : ILoggerProvider, ILogger
{
    private const string Grains = "KadOrleans.Grains";

    private readonly ConcurrentQueue<(int Id, string Text)> _lines = new();

    /// <summary>The lines of one event, oldest first.</summary>
    public IReadOnlyList<string> Of(int id) => [.. _lines.Where(line => line.Id == id).Select(line => line.Text)];

    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith(Grains, StringComparison.Ordinal) ? this : NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _lines.Enqueue((eventId.Id, formatter(state, exception)));
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}

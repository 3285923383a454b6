using System.Globalization;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Logging;

/// <summary>Writes each message as one line.</summary>
internal sealed class LineLogger(TextWriter output, bool verbose, TimeProvider time) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        var cause = exception is null ? string.Empty : $": {(verbose ? exception.ToString() : exception.Message)}";
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Name(logLevel)} {formatter(state, exception)}{cause}"));
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Critical or LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        _ => "debug",
    };
}

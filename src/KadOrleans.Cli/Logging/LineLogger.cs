using System.Globalization;
using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Logging;

/// <summary>Writes each message as one line, with its invisible characters shown; a stack trace has further lines.</summary>
internal sealed class LineLogger(TextWriter output, bool verbose, TimeProvider time) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        var cause = exception is null ? string.Empty : $": {exception.Message}";
        var stack = exception is null || !verbose ? string.Empty : Environment.NewLine + VisibleText.ShowLines(exception.ToString());
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Name(logLevel)} {VisibleText.Show(formatter(state, exception) + cause)}{stack}"));
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Critical or LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        _ => "debug",
    };
}

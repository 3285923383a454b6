using System.Globalization;
using KadOrleans.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace KadOrleans.Silo.Hosting;

/// <summary>
/// Writes each message as one line: time, level, message, and the message of an exception, with invisible characters shown. An exception that several
/// callers log on its way up is told once, unless stacks are asked for.
/// </summary>
internal sealed class LineFormatter(IOptionsMonitor<LineFormatterOptions> options, LogGate gate) : ConsoleFormatter(FormatterName)
{
    private Exception? _told;

    /// <summary>What the formatter is chosen by.</summary>
    public const string FormatterName = "kad";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var stacks = options.CurrentValue.Stacks;
        if (!stacks && (gate.IsClosed || IsTold(logEntry.Exception)))
        {
            return;
        }

        var text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var cause = logEntry.Exception is not { } exception ? string.Empty : $": {(stacks ? exception.ToString() : exception.Message)}";
        var line = stacks ? VisibleText.ShowLines(text + cause) : VisibleText.Show((text + cause).ReplaceLineEndings(" "));
        textWriter.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {LevelName(logEntry.LogLevel)} {line}"));
    }

    private bool IsTold(Exception? exception)
    {
        var cause = exception?.GetBaseException();
        return cause is not null && ReferenceEquals(Interlocked.Exchange(ref _told, cause), cause);
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Critical or LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        _ => "debug",
    };
}

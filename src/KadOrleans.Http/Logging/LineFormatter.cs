using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace KadOrleans.Http;

/// <summary>
/// The console's format for people, <c>line</c>: one line for each message, with time, level, text and the message of an exception. It shows
/// invisible characters. A category of others stands before the text.
/// </summary>
/// <param name="details">
/// Whether all categories are shown, with the number of the event, and scopes, and whole exceptions on further lines. Without them an exception
/// that several callers log is logged once.
/// </param>
internal sealed class LineFormatter(bool details) : ConsoleFormatter(FormatName)
{
    public const string FormatName = "line";

    private const string Own = "KadOrleans";

    private Exception? _logged;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var exception = logEntry.Exception;
        if (!details && IsLogged(exception))
        {
            return;
        }

        var message = logEntry.Formatter(logEntry.State, exception);
        textWriter.Write(string.Create(
            CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {NameOf(logEntry.LogLevel)} "));
        if (details)
        {
            textWriter.Write(string.Create(CultureInfo.InvariantCulture, $"{VisibleText.Show(logEntry.Category)}[{logEntry.EventId.Id}]: "));
        }
        else if (!logEntry.Category.StartsWith(Own, StringComparison.Ordinal))
        {
            textWriter.Write($"{VisibleText.Show(logEntry.Category)}: ");
        }

        var text = exception is null ? message : $"{message}: {exception.Message}";
        textWriter.Write(VisibleText.Show(details ? text : WithoutStacks(text)));
        if (details)
        {
            scopeProvider?.ForEachScope(static (scope, writer) => writer.Write($" => {VisibleText.Show($"{scope}")}"), textWriter);
            textWriter.Write(exception is null ? string.Empty : Environment.NewLine + VisibleText.ShowLines(exception.ToString()));
        }

        textWriter.Write(Environment.NewLine);
    }

    // Some libraries put the stacks of inner exceptions into their messages.
    private static string WithoutStacks(string text) =>
        text.Contains("\n   ", StringComparison.Ordinal) ? string.Join('\n', text.Split('\n').Where(line => !IsOfStack(line))) : text;

    private static bool IsOfStack(string line) =>
        line.StartsWith("   at ", StringComparison.Ordinal) || line.TrimStart().StartsWith("--- End of ", StringComparison.Ordinal);

    private bool IsLogged(Exception? exception)
    {
        var cause = exception?.GetBaseException();
        return cause is not null && ReferenceEquals(Interlocked.Exchange(ref _logged, cause), cause);
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Critical or LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        _ => "debug",
    };
}

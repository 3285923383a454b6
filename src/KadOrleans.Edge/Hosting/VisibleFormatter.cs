using KadOrleans.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace KadOrleans.Edge.Hosting;

/// <summary>Writes log messages as the simple formatter does, with invisible characters shown: a message may have words of strangers.</summary>
/// <param name="services">With the simple formatter, looked up at the first message: the list of formatters has this one too.</param>
internal sealed class VisibleFormatter(IServiceProvider services) : ConsoleFormatter(FormatterName)
{
    /// <summary>What the formatter is chosen by.</summary>
    public const string FormatterName = "kad";

    private readonly Lazy<ConsoleFormatter> _simple = new(
        () => services.GetServices<ConsoleFormatter>().First(formatter => formatter.Name == ConsoleFormatterNames.Simple));

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var stack = logEntry.Exception is { } exception ? $" {exception}" : string.Empty;
        var line = VisibleText.Show((logEntry.Formatter(logEntry.State, logEntry.Exception) + stack).ReplaceLineEndings(" "));
        _simple.Value.Write(
            new LogEntry<string>(logEntry.LogLevel, logEntry.Category, logEntry.EventId, line, null, static (text, _) => text),
            scopeProvider,
            textWriter);
    }
}

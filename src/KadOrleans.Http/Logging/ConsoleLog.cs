using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace KadOrleans.Http;

/// <summary>
/// The console's log, by a formatter of the framework's console: <see cref="LineFormatter"/>, or json, simple or systemd by
/// <c>Logging:Console:FormatterName</c>. The framework's own provider takes no other output than the console, where it waits for a reader that
/// is slow or for ever, and ends at the first write that fails.
/// </summary>
[ProviderAlias("Console")]
internal sealed class ConsoleLog : ILoggerProvider, ISupportExternalScope
{
    internal const string Category = "KadOrleans.Process";
    private const string FormatterSetting = "Logging:Console:FormatterName";

    // Held while a message is written, so none is being written once the log is closed.
    private readonly Lock _gate = new();
    private readonly TextWriter _output;
    private readonly ConsoleFormatter _formatter;
    private readonly ILogger _own;
    private IExternalScopeProvider? _scopes;
    private bool _isClosed;

    /// <exception cref="OptionsValidationException">No formatter has the name of the options.</exception>
    public ConsoleLog(TextWriter output, IEnumerable<ConsoleFormatter> formatters, IOptions<ConsoleLoggerOptions> options)
    {
        var all = formatters.DistinctBy(formatter => formatter.Name).ToList();
        var name = options.Value.FormatterName ?? LineFormatter.FormatName;
        _formatter = all.Find(formatter => formatter.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? throw KadSettings.Mistake(
            $"{FormatterSetting} is {KadSettings.Quote(name)}; {string.Join(", ", all.Select(formatter => formatter.Name).Order())} are allowed.");
        _output = output;
        _own = new CategoryLogger(this, Category, Write);
        if (output is QueuedWriter queue)
        {
            queue.DescribeLoss = DescribeLoss;
        }
    }

    /// <summary>Whether it is written by <see cref="LineFormatter"/>.</summary>
    public bool IsForPeople => _formatter is LineFormatter;

    public ILogger CreateLogger(string categoryName) => new CategoryLogger(this, categoryName, Write);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    /// <summary>Stops writing: later messages would bury the reason why a process ends.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }
    }

    /// <summary>Says something about the process itself, such as where it serves: on an output for people, and for programs as a message.</summary>
    public void Announce(string line, TextWriter output)
    {
        if (IsForPeople)
        {
            output.WriteLine(line);
        }
        else
        {
            ConsoleLogMessages.Announced(_own, line);
        }
    }

    /// <summary>Says why the process ends, as the last that is written: as it is for people, and for programs as a message.</summary>
    public void End(string sentences)
    {
        lock (_gate)
        {
            if (!IsForPeople)
            {
                _isClosed = false;
                ConsoleLogMessages.Ended(_own, sentences);
            }

            _isClosed = true;
        }

        if (IsForPeople)
        {
            _output.WriteLine(sentences);
        }
    }

    public void Dispose()
    {
        // Nothing to dispose: each message is written when it is logged, and the output belongs to others.
    }

    private string DescribeLoss(long count)
    {
        var text = string.Empty;
        ConsoleLogMessages.Lost(new CategoryLogger(this, Category, message => text = message), count);
        return text;
    }

    private string Format<TState>(in LogEntry<TState> entry)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        _formatter.Write(in entry, _scopes, text);
        return text.ToString();
    }

    private void Write(string text)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            try
            {
                // In one piece: lines of several processes must not mix.
                _output.Write(text);
            }
            catch (IOException)
            {
                // A full disk below the log must not end what the log is about.
            }
        }
    }

    private sealed class CategoryLogger(ConsoleLog log, string category, Action<string> write) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log._scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            write(log.Format(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter)));
    }
}

namespace KadOrleans.Hosting;

// Logs one line for each message: time, level, message, and the message of an exception. It shows invisible characters. An
// exception that several callers log is logged once. With stacks, the whole exception follows on further lines.
[ProviderAlias("Console")]
public sealed class LineLoggerProvider(TextWriter output, bool stacks) : ILoggerProvider, ILogger
{
    // Held while a line is written, so none is being written once the log is closed.
    private readonly Lock _gate = new();
    private bool _isClosed;
    private Exception? _logged;

    /// <summary>Stops writing: later lines would bury the reason why a process ends.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Dispose()
    {
        // Nothing to dispose: each line is written when it is logged.
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!stacks && IsLogged(exception))
        {
            return;
        }

        var message = formatter(state, exception);
        var text = VisibleText.Show(exception is null ? message : $"{message}: {exception.Message}");
        var stack = exception is null || !stacks ? string.Empty : Environment.NewLine + VisibleText.ShowLines(exception.ToString());
        var line = string.Create(
            CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {NameOf(logLevel)} {text}{stack}");
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            try
            {
                output.WriteLine(line);
            }
            catch (IOException)
            {
                // A full disk below the log must not end what the log is about.
            }
        }
    }

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

public static class LineLoggerExtensions
{
    // Replaces the log's providers by LineLoggerProvider. Logs the project's code from Information, and everything else from
    // Warning. Verbose adds the project's code at Debug, and stacks. The output is written from several threads. The provider is
    // registered as a service.
    public static ILoggingBuilder UseLines(this ILoggingBuilder logging, TextWriter output, bool verbose)
    {
        var provider = new LineLoggerProvider(output, verbose);
        logging.ClearProviders().AddProvider(provider);
        logging.Services.AddSingleton(provider);
        return logging
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("KadOrleans", verbose ? LogLevel.Debug : LogLevel.Information)
            // It would log an error for each probe of a process that is not ready.
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None)
            // They would log what strangers send to a server with an identity provider, and that its keys last as long as the process.
            .AddFilter("Microsoft.AspNetCore.Authentication", verbose ? LogLevel.Warning : LogLevel.Critical)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace KadOrleans.Hosting;

/// <summary>
/// The console's log, by a formatter of the framework's console: <see cref="LineFormatter"/>, or json, simple or systemd by
/// <c>Logging:Console:FormatterName</c>. The framework's own provider takes no other output than the console, where it waits for a reader that
/// is slow or for ever, and ends at the first write that fails.
/// </summary>
[ProviderAlias("Console")]
public sealed class ConsoleLog : ILoggerProvider, ISupportExternalScope
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
        _own = CreateLogger(Category);
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

public static class ConsoleLogExtensions
{
    /// <summary>
    /// Replaces the log's providers by <see cref="ConsoleLog"/>. Logs the project's code from Information, and everything else from Warning.
    /// Verbose adds the project's code at Debug, scopes and stacks. The output is written from several threads. The provider is
    /// registered as a service.
    /// </summary>
    public static ILoggingBuilder UseConsoleLog(this ILoggingBuilder logging, TextWriter output, bool verbose)
    {
        // For its formatters and their settings.
        logging.AddConsole().ClearProviders();
        var services = logging.Services;
        services.AddSingleton<ConsoleFormatter>(new LineFormatter(verbose));

        // In front, so that settings override it.
        services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<JsonConsoleFormatterOptions>>(
            new ConfigureOptions<JsonConsoleFormatterOptions>(static json =>
                (json.IncludeScopes, json.UseUtcTimestamp, json.TimestampFormat) = (true, true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"))));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ConsoleLog>(provider, output));
        services.AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<ConsoleLog>());
        return logging
            .Configure(options => options.ActivityTrackingOptions |= ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId)
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("KadOrleans", verbose ? LogLevel.Debug : LogLevel.Information)
            // It would log an error for each probe of a process that is not ready.
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None)
            // They would log what strangers send to a server with an identity provider, and that its keys last as long as the process.
            .AddFilter("Microsoft.AspNetCore.Authentication", verbose ? LogLevel.Warning : LogLevel.Critical)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
    }
}

/// <summary>What the log says of the process itself: docs/telemetry.md, Events.</summary>
internal static partial class ConsoleLogMessages
{
    [LoggerMessage(8150, LogLevel.Information, "{Line}")]
    public static partial void Announced(ILogger logger, string line);

    [LoggerMessage(8151, LogLevel.Critical, "{Sentences}")]
    public static partial void Ended(ILogger logger, string sentences);

    [LoggerMessage(8152, LogLevel.Warning, "{Count} messages were lost, as the output of the log took none")]
    public static partial void Lost(ILogger logger, long count);
}

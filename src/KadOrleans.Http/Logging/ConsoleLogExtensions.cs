using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace KadOrleans.Http;

internal static class ConsoleLogExtensions
{
    /// <summary>
    /// Replaces the log's providers by <see cref="ConsoleLog"/>. Logs the project's code from Information, and everything else from Warning.
    /// Verbose adds the project's code at Debug, scopes and stacks. The output is written from several threads. The provider is
    /// registered as a service. Warnings and errors are bounded for this and other providers: <see cref="BoundedLoggers"/>.
    /// </summary>
    public static ILoggingBuilder UseConsoleLog(
        this ILoggingBuilder logging, TextWriter output, bool verbose, TimeProvider? time = null)
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

        // Not the process's clock, which logs itself.
        services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(provider => new BoundedLoggers(
            new LoggerFactory(
                provider.GetServices<ILoggerProvider>(),
                provider.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>(),
                provider.GetRequiredService<IOptions<LoggerFactoryOptions>>()),
            time ?? TimeProvider.System)));
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

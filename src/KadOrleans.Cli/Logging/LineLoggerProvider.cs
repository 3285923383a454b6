using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Logging;

/// <summary>
/// Logs to a text writer, one line per message: time, level, message. Stack traces are for <c>--verbose</c>; without
/// it an exception is its message.
/// </summary>
/// <param name="output">Safe to use from several threads.</param>
/// <param name="verbose">Whether exceptions are written whole.</param>
internal sealed class LineLoggerProvider(TextWriter output, bool verbose) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new LineLogger(output, verbose, TimeProvider.System);

    public void Dispose()
    {
        // The writer is the caller's.
    }

    /// <summary>Loggers for a node: what it does and all warnings, and with <paramref name="verbose"/> details.</summary>
    public static ILoggerFactory CreateFactory(TextWriter output, bool verbose) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("KadOrleans.Node", LogLevel.Information);
        logging.AddFilter("KadOrleans.Cli", LogLevel.Information);
        if (verbose)
        {
            logging.AddFilter("KadOrleans", LogLevel.Debug);
            logging.AddFilter("KadOrleans.Node", LogLevel.Debug);
            logging.AddFilter("KadOrleans.Cli", LogLevel.Debug);
        }

        logging.AddProvider(new LineLoggerProvider(output, verbose));
    });
}

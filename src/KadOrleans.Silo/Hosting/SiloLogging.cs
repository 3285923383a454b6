namespace KadOrleans.Silo.Hosting;

/// <summary>Logs to standard error, a line for each message; <c>Logging:LogLevel</c> chooses otherwise as anywhere.</summary>
internal static class SiloLogging
{
    /// <summary>Sets logging up.</summary>
    /// <param name="logging">Where.</param>
    /// <param name="configuration">With the section <c>Logging</c>, if there is one.</param>
    /// <param name="verbose">Details, and exceptions with their stacks.</param>
    public static void Configure(ILoggingBuilder logging, IConfiguration configuration, bool verbose)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("KadOrleans", verbose ? LogLevel.Debug : LogLevel.Information);

        // Its first check may come before its first time-stamp, and then warns of a stall since the machine's start.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        if (!verbose)
        {
            // Each read and write that fails, while storage is away some each second; whoever asked for it tells of it.
            logging.AddFilter("Orleans.Storage.AdoNetGrainStorage", LogLevel.Critical);
        }
        else
        {
            logging.AddFilter("Orleans", LogLevel.Information);
        }

        // After the filters above, so that it wins.
        logging.AddConfiguration(configuration.GetSection("Logging"));
        logging.AddConsole(console =>
        {
            console.FormatterName = LineFormatter.FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });
        logging.Services.AddSingleton<LogGate>();
        logging.AddConsoleFormatter<LineFormatter, LineFormatterOptions>(options => options.Stacks = verbose);
    }
}

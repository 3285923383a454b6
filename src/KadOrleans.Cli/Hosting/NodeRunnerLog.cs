using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Hosting;

/// <summary>What the command itself logs. Event ids 8000 to 8099.</summary>
internal static partial class NodeRunnerLog
{
    [LoggerMessage(8000, LogLevel.Information, "Health and status are served on http://{Address}")]
    public static partial void StatusServed(this ILogger logger, System.Net.IPEndPoint address);

    [LoggerMessage(8001, LogLevel.Warning, "The contacts could not be saved after joining: {Problem}")]
    public static partial void NotSaved(this ILogger logger, string problem);

    [LoggerMessage(8002, LogLevel.Warning, "{Problem} It will be tried again when the node has lost all contacts.")]
    public static partial void HostUnknown(this ILogger logger, string problem);
}

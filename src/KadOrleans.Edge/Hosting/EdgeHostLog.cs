namespace KadOrleans.Edge.Hosting;

/// <summary>What the edge's process logs. Event ids 7300 to 7399.</summary>
internal static partial class EdgeHostLog
{
    [LoggerMessage(7300, LogLevel.Information, "Health is served on http://{Address}")]
    public static partial void StatusServed(this ILogger logger, System.Net.IPEndPoint address);

    [LoggerMessage(7301, LogLevel.Warning, "No silo was reached so far by {Setting}, and it is tried again each second: {Problem}")]
    public static partial void SilosNotFound(this ILogger logger, string setting, string problem);

    [LoggerMessage(7302, LogLevel.Warning, "/status is not served: {Address} is reached from other machines")]
    public static partial void StatusNotServed(this ILogger logger, System.Net.IPEndPoint address);
}

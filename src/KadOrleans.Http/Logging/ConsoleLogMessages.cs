namespace KadOrleans.Http;

/// <summary>What the log says of the process itself: docs/telemetry.md, Events.</summary>
internal static partial class ConsoleLogMessages
{
    [LoggerMessage(8150, LogLevel.Information, "{Line}")]
    public static partial void Announced(ILogger logger, string line);

    [LoggerMessage(8151, LogLevel.Critical, "{Sentences}")]
    public static partial void Ended(ILogger logger, string sentences);

    [LoggerMessage(8152, LogLevel.Warning, "{Count} messages were lost, as the output of the log took none")]
    public static partial void Lost(ILogger logger, long count);

    [LoggerMessage(8153, LogLevel.Warning, "{Count} more messages of level {Level} and event {Event} by {Category} were left out within a second")]
    public static partial void LeftOut(ILogger logger, LogLevel level, long count, int @event, string category);
}

using Microsoft.Extensions.Logging;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>The grain storage's log messages: docs/telemetry.md, Events.</summary>
internal static partial class GrainStorageLog
{
    [LoggerMessage(7100, LogLevel.Information, "Opened {Path}: {States} grain states")]
    public static partial void Opened(ILogger logger, string path, long states);

    [LoggerMessage(7104, LogLevel.Information, "Closed {Path}")]
    public static partial void Closed(ILogger logger, string path);
}

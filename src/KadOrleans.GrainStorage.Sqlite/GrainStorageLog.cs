using Microsoft.Extensions.Logging;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>What the grain storage logs. Event ids 7100 to 7199.</summary>
internal static partial class GrainStorageLog
{
    [LoggerMessage(7100, LogLevel.Information, "Opened {Path}: {States} grain states")]
    public static partial void Opened(ILogger logger, string path, long states);

    [LoggerMessage(7101, LogLevel.Error, "Writing {Path} failed; {Count} writes were refused, and so are others until it works again")]
    public static partial void WritingFailed(ILogger logger, Exception exception, string path, int count);

    [LoggerMessage(7102, LogLevel.Information, "Writing {Path} works again")]
    public static partial void WritingAgain(ILogger logger, string path);

    [LoggerMessage(7103, LogLevel.Error, "Rolling a failed write of {Path} back failed; the next write tries again")]
    public static partial void RollbackFailed(ILogger logger, Exception exception, string path);

    [LoggerMessage(7104, LogLevel.Information, "Closed {Path}")]
    public static partial void Closed(ILogger logger, string path);
}

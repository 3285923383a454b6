using Microsoft.Extensions.Logging;

namespace KadOrleans.Storage.Sqlite;

/// <summary>What the storage logs. Event ids 5000 to 5099.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(5000, LogLevel.Information, "Opened {Path}: {Keys} keys, {Bytes} bytes of values")]
    public static partial void Opened(ILogger logger, string path, long keys, long bytes);

    [LoggerMessage(5001, LogLevel.Error, "Writing {Path} failed; {Count} writes were refused, and so are others until it works again")]
    public static partial void WritingFailed(ILogger logger, Exception exception, string path, int count);

    [LoggerMessage(5002, LogLevel.Warning, "Writing {Path} works again")]
    public static partial void WritingAgain(ILogger logger, string path);

    [LoggerMessage(5003, LogLevel.Error, "Rolling a failed write of {Path} back failed; the next write tries again")]
    public static partial void RollbackFailed(ILogger logger, Exception exception, string path);

    [LoggerMessage(5004, LogLevel.Information, "Closed {Path}")]
    public static partial void Closed(ILogger logger, string path);

    [LoggerMessage(5006, LogLevel.Error, "{Path} was removed or replaced while the node has it open: nothing is stored until the node is restarted. {Outcome}")]
    public static partial void Displaced(ILogger logger, string path, string outcome);

    [LoggerMessage(5007, LogLevel.Error, "{Sentence} Values that other nodes hold come back from them")]
    public static partial void Damaged(ILogger logger, string sentence);

    [LoggerMessage(5008, LogLevel.Error, "Segment {Number} of {Path} was damaged while the node ran; its values are written again from memory. Check the disk's health")]
    public static partial void SegmentRewritten(ILogger logger, long number, string path);
}

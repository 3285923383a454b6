namespace KadOrleans.Storage.Sqlite;

/// <summary>The storage's log messages: docs/telemetry.md, Events.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(5000, LogLevel.Information, "Opened {Path}: {Keys} keys, {Bytes} bytes of values")]
    public static partial void Opened(ILogger logger, string path, long keys, long bytes);

    [LoggerMessage(5004, LogLevel.Information, "Closed {Path}")]
    public static partial void Closed(ILogger logger, string path);

    [LoggerMessage(5007, LogLevel.Error, "{Sentence} Values that other nodes hold come back from them")]
    public static partial void Damaged(ILogger logger, string sentence);

    [LoggerMessage(5008, LogLevel.Error, "Segment {Number} of {Path} was damaged while the node ran; {Kept} of its values are written again from memory, {Lost} are lost here. Check the disk's health")]
    public static partial void SegmentReplaced(ILogger logger, long number, string path, int kept, int lost);

    [LoggerMessage(5010, LogLevel.Warning, "The write-ahead log of {Path} could not be moved into the file; the next commit tries again")]
    public static partial void LogNotRestarted(ILogger logger, Exception exception, string path);

    [LoggerMessage(5009, LogLevel.Error, "Segment {Number} of {Path} is damaged and could not be replaced; the next read of it tries again. Check the disk's health")]
    public static partial void SegmentNotReplaced(ILogger logger, Exception exception, long number, string path);

    [LoggerMessage(5012, LogLevel.Warning, "{Path}: when values came again unchanged was not read ({Message}); values are sent again before their hour, once")]
    public static partial void TimesNotRead(ILogger logger, string path, string message);

    [LoggerMessage(5013, LogLevel.Warning, "{Path}: when values came again unchanged could not be written, which is tried again each five minutes; nothing else depends on it")]
    public static partial void TimesNotWritten(ILogger logger, Exception exception, string path);
}

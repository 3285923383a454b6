using System.Buffers.Binary;

namespace KadOrleans.SqliteFiles;

/// <summary>
/// Checks the first bytes of the file before SQLite opens it (https://sqlite.org/fileformat2.html, 1.3). SQLite may create files beside a
/// database, or roll its journal back, before the application can be checked.
/// </summary>
internal static class DatabaseHeader
{
    private const int Length = 100;
    private const int UserVersionOffset = 60;
    private const int ApplicationIdOffset = 68;

    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>Refuses a file of another application. A missing or empty one is accepted, and becomes ours.</summary>
    public static void Check(DataFolder folder)
    {
        Span<byte> buffer = stackalloc byte[Length];
        var header = buffer[..Read(folder, buffer)];
        if (header.IsEmpty)
        {
            CheckNoLog(folder);
            return;
        }

        if (!header.StartsWith(Magic))
        {
            throw DatabaseErrors.NotADatabase(folder);
        }

        if (header.Length < Length)
        {
            throw DatabaseErrors.Damaged(folder, "it ends within its header");
        }

        CheckOwner(
            folder,
            BinaryPrimitives.ReadInt32BigEndian(header[ApplicationIdOffset..]),
            BinaryPrimitives.ReadInt32BigEndian(header[UserVersionOffset..]));
    }

    /// <summary>Refuses a file of another application or of another schema version.</summary>
    public static void CheckOwner(DataFolder folder, int applicationId, int version)
    {
        if (applicationId != folder.Kind.ApplicationId)
        {
            throw DatabaseErrors.Foreign(folder, applicationId);
        }

        if (version > folder.Kind.Version)
        {
            throw DatabaseErrors.Newer(folder, version);
        }

        if (version < folder.Kind.Version)
        {
            throw version <= 0
                ? DatabaseErrors.Damaged(folder, "its schema version is unknown")
                : DatabaseErrors.Older(folder, version);
        }
    }

    private static int Read(DataFolder folder, Span<byte> buffer)
    {
        try
        {
            using var stream = new FileStream(
                folder.DatabasePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DatabaseErrors.Unreachable(folder, exception);
        }
    }

    // SQLite would delete a log without its database, and with it committed changes.
    private static void CheckNoLog(DataFolder folder)
    {
        if (new FileInfo(folder.LogPath) is { Exists: true, Length: > 0 })
        {
            throw DatabaseErrors.OrphanedLog(folder);
        }
    }
}

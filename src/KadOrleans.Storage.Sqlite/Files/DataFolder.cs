using System.Buffers.Binary;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

// The folder that a database lives in, claimed for one opening within this process. SQLite's own lock keeps other processes out.
// But on POSIX systems closing any handle of a file drops all locks that the process has on it. So a second opening must be
// refused before it even reads the file's header. Each error is one sentence with the place, the fault and the remedy.
internal sealed class DataFolder : IDisposable
{
    // The most spare files of one kind beside a database, each as large as it. A disk that damages more needs attention.
    private const int MaxSpareFiles = 8;

    // The header of a file (https://sqlite.org/fileformat2.html, 1.3).
    private const int HeaderLength = 100;
    private const int UserVersionOffset = 60;
    private const int ApplicationIdOffset = 68;

    // The databases claimed in this process. It is also the lock that guards it.
    private static readonly HashSet<string> Claimed = new(StringComparer.Ordinal);

    private DataFolder(string path, DatabaseKind kind)
    {
        Path = path;
        Kind = kind;
        DatabasePath = System.IO.Path.Combine(path, kind.FileName);
    }

    public string Path { get; }

    public DatabaseKind Kind { get; }

    public string DatabasePath { get; }

    /// <summary>The write-ahead log, there only while the database is open or after a crash.</summary>
    public string LogPath => DatabasePath + "-wal";

    private string Elsewhere => $"choose another data folder{Kind.FolderSetting}";

    /// <summary>Creates the folder if it is missing and claims it; throws if it cannot be created, or is open already.</summary>
    public static DataFolder Claim(string folder, DatabaseKind kind)
    {
        var claim = new DataFolder(Create(folder, kind), kind);
        if (kind.Other is { } other && File.Exists(System.IO.Path.Combine(claim.Path, other.FileName)))
        {
            throw claim.Fault(
                $"'{claim.Path}' is the data folder of a {other.Owner}, as it has '{other.FileName}', and not of a {kind.Owner}; {claim.Elsewhere}.");
        }

        lock (Claimed)
        {
            return Claimed.Add(claim.DatabasePath) ? claim : throw claim.InUse();
        }
    }

    // The first free name for a file beside the database that keeps its content: kad.db.damaged-1, kad.db.damaged-2, … None is
    // ever overwritten. DamagedDatabaseException: all are there, also where the file is not damaged but was moved away.
    public string NextSpareName(string word) =>
        Enumerable.Range(1, MaxSpareFiles).Select(number => $"{DatabasePath}.{word}-{number}").FirstOrDefault(name => !File.Exists(name))
        ?? throw new DamagedDatabaseException(
            $"'{DatabasePath}.{word}-1' to '-{MaxSpareFiles}' are there already; move them away");

    // Refuses a file of another application before SQLite opens it: SQLite may create files beside a database, or roll its
    // journal back. A missing or empty one is accepted, and becomes ours.
    public void CheckHeader()
    {
        Span<byte> buffer = stackalloc byte[HeaderLength];
        var header = buffer[..ReadHeader(buffer)];
        if (header.IsEmpty)
        {
            // SQLite would delete a log without its database, and with it committed changes.
            if (new FileInfo(LogPath) is { Exists: true, Length: > 0 })
            {
                throw Fault(
                    $"'{LogPath}' holds changes of a database that is missing beside it; put '{Kind.FileName}' back or move this file away too.");
            }

            return;
        }

        if (!header.StartsWith("SQLite format 3\0"u8))
        {
            throw Fault($"'{DatabasePath}' is not an SQLite database; move it away or {Elsewhere}.");
        }

        if (header.Length < HeaderLength)
        {
            throw Damaged("it ends within its header");
        }

        CheckOwner(
            BinaryPrimitives.ReadInt32BigEndian(header[ApplicationIdOffset..]), BinaryPrimitives.ReadInt32BigEndian(header[UserVersionOffset..]));
    }

    public void CheckOwner(int applicationId, int version)
    {
        if (applicationId != Kind.ApplicationId)
        {
            throw Fault($"'{DatabasePath}' is the database of another application (id {applicationId:X8}); move it away or {Elsewhere}.");
        }

        if (version <= 0)
        {
            throw Damaged("its schema version is unknown");
        }

        if (version != Kind.Version)
        {
            throw Fault(
                $"'{DatabasePath}' has schema version {version}, and this build reads and writes version {Kind.Version} alone; "
                + $"run the build that wrote it, export it with that build, or {Elsewhere}.");
        }
    }

    // The exceptions for faults. What is damaged is a part of a sentence.

    public Exception ReadOnly() =>
        Fault($"'{DatabasePath}' can be read but not written; give this user write permission or {Elsewhere}.");

    public Exception Unreachable(Exception cause) => Fault(
        $"'{DatabasePath}' cannot be opened ({Reason(cause)}); check that this user may read and write it and its folder.", cause);

    public Exception Damaged(string what, Exception? cause = null) => Fault(
        $"'{DatabasePath}' is damaged ({what}); restore it from a backup, or move it away to {Kind.FreshStart}.",
        new DamagedDatabaseException(what, cause));

    public Exception Unreadable(Exception cause) =>
        Fault($"'{DatabasePath}' cannot be read ({Reason(cause)}); check the disk's health.", cause);

    public Exception Unwritable(Exception cause) =>
        Fault($"'{DatabasePath}' cannot be written ({Reason(cause)}); check the disk's free space and health.", cause);

    public Exception Displaced(string path) =>
        Fault($"'{path}' was removed or replaced while the {Kind.Owner} had it open; restart the {Kind.Owner}.");

    /// <summary>The exception for a failure to open; null if that says enough itself.</summary>
    public Exception? From(Exception failure) => failure switch
    {
        SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED } => Locked(failure),
        SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB } => Damaged(Reason(failure), failure),
        SqliteException { SqliteErrorCode: raw.SQLITE_ERROR } => Damaged("a table is missing or altered", failure),
        SqliteException { SqliteErrorCode: raw.SQLITE_FULL } => Unwritable(failure),
        DamagedDatabaseException => Damaged(failure.Message, failure.InnerException),
        SqliteException or IOException or UnauthorizedAccessException => Unreachable(failure),
        _ => null,
    };

    /// <summary>A message as a part of a sentence: one line, without the full stop.</summary>
    public static string Phrase(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    public static string Reason(Exception fault) => Phrase(
        fault is SqliteException sqlite ? raw.sqlite3_errstr(sqlite.SqliteExtendedErrorCode).utf8_to_string() : fault.Message);

    public void Dispose()
    {
        lock (Claimed)
        {
            Claimed.Remove(DatabasePath);
        }
    }

    private static string Create(string folder, DatabaseKind kind)
    {
        try
        {
            var directory = PrivateFile.CreateFolder(folder);
            var path = directory.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? directory.FullName;
            return System.IO.Path.TrimEndingDirectorySeparator(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw kind.Fault(
                $"The data folder '{folder}' cannot be created or entered ({Reason(exception)}); choose a folder that this user may write to{kind.FolderSetting}.",
                exception);
        }
    }

    private int ReadHeader(Span<byte> buffer)
    {
        try
        {
            using var stream = new FileStream(
                DatabasePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreachable(exception);
        }
    }

    private Exception InUse() => Fault($"The data folder '{Path}' is in use by another {Kind.Owner}; stop that {Kind.Owner} or {Elsewhere}.");

    // By another process, which the file does not name.
    private Exception Locked(Exception cause) => Fault(
        $"The data folder '{Path}' is in use by another {Kind.Owner}, or by a program that reads '{DatabasePath}', such as a backup; "
        + $"stop that {Kind.Owner} or {Elsewhere}, or start again when the program has ended.",
        cause);

    private Exception Fault(string sentence, Exception? cause = null) => Kind.Fault(sentence, cause);
}

/// <summary>A database's structure or content is damaged. It is the inner exception of the one that names the file.</summary>
public sealed class DamagedDatabaseException : Exception
{
    internal DamagedDatabaseException(string what, Exception? cause = null)
        : base(what, cause)
    {
    }
}

using System.Globalization;

namespace KadOrleans.SqliteFiles;

/// <summary>
/// The folder that a database lives in, claimed for one opening within this process. SQLite's own lock keeps other processes out. But on
/// POSIX systems closing any handle of a file drops all locks that the process has on it. So a second opening must be refused before it
/// even reads the file's header.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    /// <summary>
    /// The most spare files of one kind beside a database, each as large as it. A disk that damages more needs attention.
    /// </summary>
    private const int MaxSpareFiles = 8;

    // The databases claimed in this process. It is also the lock that guards it.
    private static readonly HashSet<string> Claimed = new(StringComparer.Ordinal);

    private DataFolder(string path, DatabaseKind kind)
    {
        Path = path;
        Kind = kind;
        DatabasePath = System.IO.Path.Combine(path, kind.FileName);
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The kind of the database in it.</summary>
    public DatabaseKind Kind { get; }

    /// <summary>The database file in it.</summary>
    public string DatabasePath { get; }

    /// <summary>The write-ahead log beside it, there only while the database is open or after a crash.</summary>
    public string LogPath => DatabasePath + "-wal";

    /// <summary>Creates the folder if it is missing and claims it; throws if it cannot be created, or is open already.</summary>
    public static DataFolder Claim(string folder, DatabaseKind kind)
    {
        var claim = new DataFolder(Create(folder, kind), kind);
        lock (Claimed)
        {
            return Claimed.Add(claim.DatabasePath) ? claim : throw DatabaseErrors.InUse(claim);
        }
    }

    /// <summary>
    /// The first free name for a file beside the database that keeps its content: <c>kad.db.damaged-1</c>, <c>kad.db.damaged-2</c>, … None
    /// is ever overwritten.
    /// </summary>
    /// <exception cref="IOException">All names are in use.</exception>
    public string NextSpareName(string word)
    {
        for (var number = 1; number <= MaxSpareFiles; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{DatabasePath}.{word}-{number}");
            if (!File.Exists(name))
            {
                return name;
            }
        }

        throw new IOException(string.Create(
            CultureInfo.InvariantCulture, $"'{DatabasePath}.{word}-1' to '-{MaxSpareFiles}' are there already; move them away"));
    }

    /// <summary>Releases the folder.</summary>
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
            var directory = Directory.CreateDirectory(folder);
            var path = directory.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? directory.FullName;
            return System.IO.Path.TrimEndingDirectorySeparator(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw DatabaseErrors.FolderUnusable(folder, kind, exception);
        }
    }
}

namespace KadOrleans.Sqlite;

/// <summary>
/// The folder that a database lives in, claimed for one opening within this process. SQLite's own lock keeps other
/// processes out, but on POSIX systems closing any handle of a file drops every lock that the process holds on it;
/// so a second opening must be refused before it so much as reads the file's header.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    // Guards itself: the databases claimed in this process.
    private static readonly HashSet<string> Claimed = new(StringComparer.Ordinal);

    private DataFolder(string path, DatabaseKind kind)
    {
        Path = path;
        Kind = kind;
        DatabasePath = System.IO.Path.Combine(path, kind.FileName);
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>What kind of database is in it.</summary>
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

    /// <summary>Gives the folder up.</summary>
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

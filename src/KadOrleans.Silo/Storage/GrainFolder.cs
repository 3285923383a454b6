namespace KadOrleans.Silo.Storage;

/// <summary>
/// The folder that the file lives in, claimed for one opening within this process. SQLite's own lock keeps other processes
/// out, but on POSIX systems closing any handle of a file drops every lock that the process holds on it; so a second
/// opening must be refused before it so much as reads the file's header.
/// </summary>
internal sealed class GrainFolder : IDisposable
{
    // Guards itself: the folders claimed in this process.
    private static readonly HashSet<string> Claimed = new(StringComparer.Ordinal);

    private GrainFolder(string path)
    {
        Path = path;
        DatabasePath = System.IO.Path.Combine(path, GrainDatabase.FileName);
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The database file in it.</summary>
    public string DatabasePath { get; }

    /// <summary>The write-ahead log beside it, there only while the database is open or after a crash.</summary>
    public string LogPath => DatabasePath + "-wal";

    /// <summary>Makes the folder if it is missing and claims it.</summary>
    /// <exception cref="GrainDatabaseException">It cannot be made, or is open already.</exception>
    public static GrainFolder Claim(string folder)
    {
        var claim = new GrainFolder(Create(folder));
        lock (Claimed)
        {
            return Claimed.Add(claim.Path) ? claim : throw GrainDatabaseErrors.InUse(claim);
        }
    }

    /// <summary>Gives the folder up.</summary>
    public void Dispose()
    {
        lock (Claimed)
        {
            Claimed.Remove(Path);
        }
    }

    private static string Create(string folder)
    {
        try
        {
            var directory = Directory.CreateDirectory(folder);
            var path = directory.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? directory.FullName;
            return System.IO.Path.TrimEndingDirectorySeparator(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw GrainDatabaseErrors.FolderUnusable(folder, exception);
        }
    }
}

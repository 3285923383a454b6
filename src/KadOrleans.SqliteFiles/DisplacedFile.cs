using Microsoft.Data.Sqlite;

namespace KadOrleans.SqliteFiles;

/// <summary>Saves the content of a database whose files were removed or replaced while it is open. It can still be read.</summary>
internal static class DisplacedFile
{
    /// <summary>Writes all committed content to a new file, and returns its path. It is the database's path if that is free.</summary>
    /// <param name="folder">Where the database was opened.</param>
    /// <param name="connection">It is open still.</param>
    /// <param name="displaced">The path at which the open file is no longer.</param>
    /// <param name="hasOwnLog">Whether the log at its path is the one that is open.</param>
    /// <exception cref="SqliteException">It cannot be written.</exception>
    /// <exception cref="IOException">It cannot be written, or too many copies are there.</exception>
    public static string Save(DataFolder folder, SqliteConnection connection, string displaced, bool hasOwnLog)
    {
        if (displaced == folder.LogPath)
        {
            // The database itself is in place, so the log is moved into it.
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            return folder.DatabasePath;
        }

        var partial = folder.DatabasePath + ".partial";
        File.Delete(partial);
        Copy(connection, partial);
        if (hasOwnLog && !File.Exists(folder.DatabasePath))
        {
            // The copy has all its content, and SQLite would take it for the copy's log.
            File.Delete(folder.LogPath);
        }

        var target = IsFree(folder) ? folder.DatabasePath : folder.NextSpareName("lost");
        File.Move(partial, target, overwrite: false);
        return target;
    }

    // SQLite would take a remaining log for the copy's.
    private static bool IsFree(DataFolder folder) => !File.Exists(folder.DatabasePath) && !File.Exists(folder.LogPath);

    private static void Copy(SqliteConnection connection, string path)
    {
        using var command = connection.PrepareCommand("VACUUM INTO $path", new SqliteParameter("$path", path));
        command.ExecuteNonQuery();
    }
}

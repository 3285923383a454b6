using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Sqlite;

/// <summary>
/// Makes a sound database of one whose structure is damaged: what can be read of it is copied to a new file, which takes its place. The
/// damaged one is kept beside it. A crash leaves either the one or the other.
/// </summary>
internal static class DatabaseRebuild
{
    /// <summary>Damaged files that are kept. A disk that damaged one after another must be looked at; until then none is overwritten.</summary>
    private const int MaxKept = 8;

    /// <summary>Whether a failure to open means that the structure is damaged, so that a copy may help.</summary>
    public static bool CanHelp(Exception failure) => failure
        is DamagedDatabaseException
        or SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT };

    /// <summary>Ends what a crash interrupted.</summary>
    public static void Finish(DataFolder folder)
    {
        var rebuilt = PathOf(folder);
        if (!File.Exists(folder.DatabasePath) && File.Exists(rebuilt))
        {
            File.Move(rebuilt, folder.DatabasePath);
        }
    }

    /// <summary>Does it.</summary>
    /// <returns>Where the damaged file is, and what could not be read of it, as a part of a sentence.</returns>
    /// <exception cref="SqliteException">It cannot be read at all, or there is no room for the copy.</exception>
    /// <exception cref="IOException">The files cannot be moved.</exception>
    /// <exception cref="DamagedDatabaseException">It is of an older schema, or too many damaged files are there.</exception>
    public static (string Aside, string Missing) Run(DataFolder folder)
    {
        var aside = NextName(folder);
        var rebuilt = PathOf(folder);
        File.Delete(rebuilt);
        File.Delete(rebuilt + "-journal");
        var missing = Copy(folder, rebuilt);
        File.Move(folder.DatabasePath, aside);
        if (File.Exists(folder.LogPath))
        {
            // It would be taken for the log of the copy.
            File.Move(folder.LogPath, aside + "-wal");
        }

        File.Move(rebuilt, folder.DatabasePath);
        return (aside, missing);
    }

    /// <summary>A name for damaged bytes, at which nothing is.</summary>
    /// <exception cref="DamagedDatabaseException">All are taken.</exception>
    public static string NextName(DataFolder folder)
    {
        try
        {
            return SpareFile.NextName(folder.DatabasePath, "damaged", MaxKept);
        }
        catch (IOException exception)
        {
            throw new DamagedDatabaseException(exception.Message, exception);
        }
    }

    private static string PathOf(DataFolder folder) => folder.DatabasePath + ".rebuilt";

    private static string Copy(DataFolder folder, string path)
    {
        using var damaged = Open(folder.DatabasePath);
        damaged.Execute("PRAGMA locking_mode = EXCLUSIVE");
        damaged.Execute("PRAGMA writable_schema = ON");
        var version = damaged.QueryInteger("PRAGMA user_version");
        if (version != folder.Kind.Version)
        {
            throw new DamagedDatabaseException(string.Create(CultureInfo.InvariantCulture, $"its structure, and it is of schema {version}"));
        }

        using var fresh = Open(path);
        fresh.Execute("PRAGMA synchronous = FULL");
        folder.Kind.Create(fresh);
        fresh.BeginWriting();
        var missing = folder.Kind.Salvage!(damaged, fresh);
        fresh.Commit();
        return missing;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
